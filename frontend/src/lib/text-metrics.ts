// Estimate the width of a text without measuring the page; rather too wide than too narrow.

const NARROW = new Set("fijlrt.,:;'|!()-_ ·");
const WIDE = new Set('mwMW@…');
const CAPITAL = /[A-Z0-9]/;

/** Widths of the stage's font in bold, in ems. */
export function ems(text: string): number {
  let sum = 0;
  for (const letter of text) {
    if (NARROW.has(letter)) sum += 0.36;
    else if (WIDE.has(letter)) sum += 0.87;
    else sum += CAPITAL.test(letter) ? 0.69 : 0.58;
  }
  return sum;
}
