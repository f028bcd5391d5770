// Long names are shortened in their middle: those of one cluster often differ at their end only. Pure.

const TAIL = 5;
const WHOLE = 12; // letters of a name that is never cut

/** A name's two parts: the first gives way where there is no room, the second stays. */
export function halves(name: string): [head: string, tail: string] {
  return name.length <= WHOLE ? [name, ''] : [name.slice(0, -TAIL), name.slice(-TAIL)];
}

/** A name that is no wider than there is room, by some measure; its end stays. */
export function shorten(name: string, room: number, measure: (text: string) => number): string {
  if (measure(name) <= room) return name;
  const [head, tail] = halves(name);
  for (let kept = head.length - 1; kept > 0; kept--) {
    const short = `${head.slice(0, kept)}…${tail}`;
    if (measure(short) <= room) return short;
  }
  return tail === '' ? `${name.slice(0, 1)}…` : `…${tail}`;
}
