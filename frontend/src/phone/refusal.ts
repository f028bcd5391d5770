// What the server refused, and how long that holds. Pure.
import type { Play, Round } from '../lib/types';

/** A refusal that is shown. */
export interface Trouble {
  text: string;
  /** The round shows when this no longer holds: a turn that ends, a table or machine that is free. */
  shownInRound: boolean;
  /** From when on the rule allows it; null if unknown. */
  allowedAt: number | null;
  /** When it came, by the server's clock. */
  since: number;
  /** The machine that was chosen. */
  choice: string | null;
  /** How the round stood then. */
  about: string;
}

/** Seconds in which the round's own message may be behind the refusal. */
const BEHIND = 2;

/** What of a round ends a refusal when it changes, whatever the rule. */
export const standing = (round: Round | null): string =>
  round === null ? '' : `${round.id} ${round.state}`;

/** Whether what made a refusal true has ended. */
export function isSettled(trouble: Trouble, play: Play, now: number): boolean {
  if (trouble.allowedAt !== null && now >= trouble.allowedAt) return true;
  if (standing(play.round) !== trouble.about) return true;
  if (!trouble.shownInRound || now - trouble.since < BEHIND * play.speed) return false;
  const round = play.round;
  const isFree =
    round !== null && round.turn?.stage !== 'asking' && round.turn?.stage !== 'cutting';
  return isFree && round.blocked === '' && !((trouble.choice ?? '') in round.barred);
}
