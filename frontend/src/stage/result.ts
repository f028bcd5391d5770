// The words of a result. Pure.
import { whoDid } from '../lib/cause';
import type { Outage, Round } from '../lib/types';
import { count, type Row } from './phases';
import { called } from './tally';

export function headline(outage: Outage): string {
  const { machine, feed, outcome } = outage;
  if (outcome === 'unnoticed') return `Kubernetes never missed ${machine}`;
  if (outcome === 'incomplete') return `Not everything came back from ${machine}`;
  if (outcome === 'aborted') return `${machine}: not measured to the end`;
  const lost = feed === null ? 'its voice' : `its ${feed}`;
  if (outage.recovery_seconds === null)
    return `${machine} has lost ${lost}, and Kubernetes is at it`;
  return `${machine} lost ${lost}`;
}

export function decidedBy(outage: Outage, round: Round | undefined): string {
  if (outage.origin === 'observed') return whoDid(outage);
  const turn =
    round?.turn?.outage === outage.id
      ? round.turn
      : round?.past.filter((one) => one.outage === outage.id).at(-1);
  if (round !== undefined && turn !== undefined) {
    if (turn.ticket !== 0) return `${called(turn)} pressed.`;
    if (round.mode === 'vote') return `Decided by ${count(round.entered, 'vote', 'votes')}.`;
    return `${count(round.entered, 'guess', 'guesses')} were on it.`;
  }
  if (/^(vote|raffle|queue|bet|free) /.test(outage.by)) return 'Decided by the audience.';
  return outage.by ? `Cut on request of ${outage.by}.` : '';
}

/** Who was closest, for the result of a bet; "" if this outage is none's. */
export function winner(outage: Outage, round: Round | undefined): string {
  if (round?.mode !== 'bet' || round.outage !== outage.id || round.state !== 'revealed') return '';
  const best = round.bet?.best[0];
  if (best === undefined) return round.entered ? 'Nobody wins the bet.' : '';
  return `${called(best)} wins the bet: ${best.seconds.toFixed(1)} s, ${best.off.toFixed(1)} s off.`;
}

/** A phase that took time, and where on the whole it stands: shares of 0 to 1, all on one scale. */
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
