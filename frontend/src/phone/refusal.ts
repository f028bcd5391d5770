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
  /** The press that was not confirmed; null if it is about something else. */
  press: Press | null;
}

/** A press without an answer. */
export interface Press {
  round: string;
  machine: string;
  /** This phone's ticket; null before it has one. */
  ticket: number | null;
  /** When it was sent, by the server's clock as this phone knows it, which is never ahead. */
  at: number;
}

/** Seconds by which the round's message may lag behind the refusal. */
const BEHIND = 2;

/** A key of the round's state; a change of it ends any refusal. */
export const standing = (round: Round | null): string =>
  round === null ? '' : `${round.id} ${round.state}`;

/** Whether the round shows that the server counted a press: it decides on it, or carried it out. */
export function isCounted(press: Press, play: Play | null): boolean {
  const round = play?.round;
  if (!round || round.id !== press.round || press.ticket === null) return false;
  return [...round.past, ...(round.turn ? [round.turn] : [])].some(
    (turn) =>
      turn.ticket === press.ticket &&
      turn.machine === press.machine &&
      // One turn each in a raffle and a queue; a free press begins with its turn, and may follow others.
      (round.mode !== 'free' || turn.since >= press.at),
  );
}

/** Whether a refusal no longer applies. */
export function isSettled(trouble: Trouble, play: Play, now: number): boolean {
  if (trouble.press !== null && isCounted(trouble.press, play)) return true;
  if (trouble.allowedAt !== null && now >= trouble.allowedAt) return true;
  if (standing(play.round) !== trouble.about) return true;
  if (!trouble.shownInRound || now - trouble.since < BEHIND * play.speed) return false;
  const round = play.round;
  const isFree =
    round !== null && round.turn?.stage !== 'asking' && round.turn?.stage !== 'cutting';
  return isFree && round.blocked === '' && !((trouble.choice ?? '') in round.barred);
}
