// This phone's seat id: 32 hexadecimal digits, made once and stored. The same digits are the same seat,
// so a reload, a dead battery or a lost cookie gives no second vote.

const KEY = 'seat';

export function seat(storage: Storage | null, random: (bytes: Uint8Array) => Uint8Array): string {
  const kept = read(storage);
  if (kept !== null) return kept;
  const made = Array.from(random(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  try {
    storage?.setItem(KEY, made);
  } catch {
    // A private window may have no storage; the cookie is enough.
  }
  return made;
}

function read(storage: Storage | null): string | null {
  try {
    const kept = storage?.getItem(KEY);
    return kept && /^[0-9a-f]{32}$/.test(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** This browser's storage; null where access to it is forbidden. */
export function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** The join code in the scanned URL; null without one. */
export function codeIn(search: string): string | null {
  return new URLSearchParams(search).get('code');
}
