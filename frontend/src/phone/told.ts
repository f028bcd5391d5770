// What the server did not take, in words for the hall: what the presenter would have to do about it is no
// business of somebody with a phone. Pure.
import type { Refused } from '../lib/ask';

/** Rules of which the server's own words name what no hall knows. */
const HALL: Readonly<Record<string, string>> = {
  halted: 'Not now: HALT holds.',
  'not-armed': 'Not now: the presenter has not armed the table yet.',
};

/** Rules about phones: what to do is for whoever holds one. */
const PHONES: readonly string[] = ['code', 'seat', 'round', 'bad input'];

export function told(refused: Pick<Refused, 'message' | 'remedy' | 'rule'>): string {
  const { message, remedy, rule } = refused;
  return HALL[rule] ?? (PHONES.includes(rule) ? `${message} ${remedy}`.trim() : message);
}
