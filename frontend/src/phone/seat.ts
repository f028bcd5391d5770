// This phone's seat id: 32 hexadecimal digits, made once and stored. The same digits are the same seat,
// so a reload, a dead battery or a lost cookie gives no second vote. Beside it is the server's proof of
// the seat, with which the phone needs no code again, whatever network it comes from.

const KEY = 'seat';
const PROOF = 'proof';

export function seat(storage: Storage | null, random: (bytes: Uint8Array) => Uint8Array): string {
  const kept = read(storage);
  if (kept !== null) return kept;
  const made = Array.from(random(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  write(storage, KEY, made);
  return made;
}

/** The proof of the seat that the server sent last; null without one. */
export const proof = (storage: Storage | null): string | null => get(storage, PROOF);

export const keepProof = (storage: Storage | null, proof: string): void =>
  write(storage, PROOF, proof);

function read(storage: Storage | null): string | null {
  const kept = get(storage, KEY);
  return kept && /^[0-9a-f]{32}$/.test(kept) ? kept : null;
}

function get(storage: Storage | null, key: string): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

function write(storage: Storage | null, key: string, value: string): void {
  try {
    storage?.setItem(key, value);
  } catch {
    // A private window may have no storage: a reload needs the code again.
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
