// The texts of a result. Pure.
import type { Outage, Round } from '../lib/types';
import { count, type Row } from './phases';
import { called } from './tally';

export function decidedBy(outage: Outage, round: Round | undefined): string {
  const turn =
    round?.turn?.outage === outage.id
      ? round.turn
      : round?.past.filter((one) => one.outage === outage.id).at(-1);
  if (round !== undefined && turn !== undefined) {
    if (turn.ticket !== 0) return `${called(turn)} pressed.`;
    if (round.mode === 'vote') {
      const won = round.tally[outage.machine] ?? 0;
      return `${won} of ${count(round.entered, 'vote', 'votes')} for ${outage.machine}.`;
    }
    return `${count(round.entered, 'guess', 'guesses')} placed.`;
  }
  return outage.telling.who;
}

/** What stands in the place of a time that there is none of. An outage whose measurement was aborted
 *  is not itself aborted. */
export function untimed(outage: Outage | undefined): string {
  const outcome = outage?.outcome ?? 'aborted';
  return outcome === 'aborted' ? 'no time' : outcome;
}

/** The closest guess, for the result of a bet; "" if the outage is not a bet's. */
export function winner(outage: Outage, round: Round | undefined): string {
  if (round?.mode !== 'bet' || round.outage !== outage.id || round.state !== 'revealed') return '';
  const best = round.bet?.best[0];
  if (best === undefined) return round.entered ? 'No one wins the bet.' : '';
  return `${called(best)} wins the bet: ${best.seconds.toFixed(1)} s, ${best.off.toFixed(1)} s off.`;
}

/** A phase with its start and duration as shares of the total, from 0 to 1. */
export interface Bar extends Row {
  from: number;
  share: number;
}

export function bars(rows: readonly Row[]): Bar[] {
  const took = rows.filter((row) => row.seconds !== null);
  const whole = took.reduce((sum, row) => sum + row.seconds!, 0) || 1;
  let before = 0;
  return took.map((row) => {
    const bar = { ...row, from: before / whole, share: row.seconds! / whole };
    before += row.seconds!;
    return bar;
  });
}
