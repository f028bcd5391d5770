// Shorten long names in the middle: names of one cluster often differ only at the end. Pure.

const TAIL = 5;
const WHOLE = 12; // characters of a name that is never shortened

/** A name's two parts: the first is shortened if there is no room, the second stays. */
export function halves(name: string): [head: string, tail: string] {
  return name.length <= WHOLE ? [name, ''] : [name.slice(0, -TAIL), name.slice(-TAIL)];
}

/** Shorten a name to the available width, by some measure; its end stays. */
export function shorten(name: string, room: number, measure: (text: string) => number): string {
  if (measure(name) <= room) return name;
  const [head, tail] = halves(name);
  for (let kept = head.length - 1; kept > 0; kept--) {
    const short = `${head.slice(0, kept)}…${tail}`;
    if (measure(short) <= room) return short;
  }
  return tail === '' ? `${name.slice(0, 1)}…` : `…${tail}`;
}
