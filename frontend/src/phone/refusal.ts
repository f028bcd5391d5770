// A refusal of the server, and how long it applies. Pure.
import type { Play, Round } from '../lib/types';

/** A refusal that is shown. */
export interface Trouble {
  text: string;
  /** Whether the round's state shows when the refusal ends: a turn ends, a machine can be cut. */
  shownInRound: boolean;
  /** When the rule will allow it; null if unknown. */
  allowedAt: number | null;
  /** When it was received, by the server's clock. */
  since: number;
  /** The machine that was chosen. */
  choice: string | null;
  /** The round's `standing` at that time. */
  about: string;
}

/** Seconds by which the round's message may lag behind the refusal. */
const BEHIND = 2;

/** A key of the round's state; a change of it ends any refusal. */
export const standing = (round: Round | null): string =>
  round === null ? '' : `${round.id} ${round.state}`;

/** Whether a refusal no longer applies. */
export function isSettled(trouble: Trouble, play: Play, now: number): boolean {
  if (trouble.allowedAt !== null && now >= trouble.allowedAt) return true;
  if (standing(play.round) !== trouble.about) return true;
  if (!trouble.shownInRound || now - trouble.since < BEHIND * play.speed) return false;
  const round = play.round;
  const isFree =
    round !== null && round.turn?.stage !== 'asking' && round.turn?.stage !== 'cutting';
  return isFree && round.blocked === '' && !((trouble.choice ?? '') in round.barred);
}
