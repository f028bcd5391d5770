// The words of a result. Pure.
import type { Outage, Round } from '../lib/types';
import { count } from './phases';

export function headline(outage: Outage): string {
  const { machine, feed, outcome } = outage;
  if (outcome === 'unnoticed') return `Kubernetes never missed ${machine}`;
  if (outcome === 'incomplete') return `Not everything came back from ${machine}`;
  if (outcome === 'aborted') return `${machine}: not measured to the end`;
  const lost = outage.origin === 'observed' ? 'its voice' : `its ${feed ?? 'power'}`;
  if (outage.recovery_seconds === null)
    return `${machine} has lost ${lost}, and Kubernetes is at it`;
  return `${machine} lost ${lost}`;
}

export function decidedBy(outage: Outage, round: Round | undefined): string {
  if (outage.origin === 'observed') return 'Nobody here cut it: a hand, or a fault.';
  if (round?.outage === outage.id) return `Decided by ${count(round.ballots, 'vote', 'votes')}.`;
  if (outage.by.startsWith('vote')) return 'Decided by the audience.';
  return outage.by ? `Cut on request of ${outage.by}.` : '';
}
