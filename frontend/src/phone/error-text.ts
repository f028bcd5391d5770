// What the server did not take, in words for the hall: what the presenter would have to do about it is no
// business of somebody with a phone. And how long that holds. Pure.
import type { Refused } from '../lib/request';
import type { Play, Round } from '../lib/types';

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

/** A refusal that is shown. */
export interface Trouble {
  text: string;
  /** The rule that refused it; '' if none did. */
  rule: string;
  /** From when on the rule allows it; null if nobody knows. */
  allowedAt: number | null;
  /** When it came, by the server's clock. */
  since: number;
  /** The machine that was chosen. */
  choice: string | null;
  /** How the round stood then. */
  about: string;
}

/** Rules whose end can be seen in the round: somebody else's turn, a blocked table, a barred machine. */
const SEEN: readonly string[] = [
  'another-press', 'halted', 'not-armed', 'quiet-hours', 'unavailable', 'machine-cooldown', 'cooldown',
  'max-off', 'min-ready', 'already-off', 'still-recovering', 'not-ready', 'not-in-cluster',
]; // prettier-ignore

/** Seconds in which the round's own message may be behind the refusal. */
const BEHIND = 2;

/** What of a round ends a refusal when it changes, whatever the rule. */
export const standing = (round: Round | null): string =>
  round === null ? '' : `${round.id} ${round.state}`;

/** Whether what made a refusal true has ended. */
export function isSettled(trouble: Trouble, play: Play, now: number): boolean {
  if (trouble.allowedAt !== null && now >= trouble.allowedAt) return true;
  if (standing(play.round) !== trouble.about) return true;
  if (!SEEN.includes(trouble.rule) || now - trouble.since < BEHIND * play.speed) return false;
  const round = play.round;
  const isFree =
    round !== null && round.turn?.stage !== 'asking' && round.turn?.stage !== 'cutting';
  return isFree && round.blocked === '' && !((trouble.choice ?? '') in round.barred);
}
