// How an outage ended, and why so. Pure.
import type { Outage } from './types';

export type Tone = 'good' | 'bad' | 'neutral';

/** Whether that is good news: only a recovery is. */
export const toneOf = (outage: Outage): Tone => {
  if (outage.outcome === 'recovered') return 'good';
  return outage.outcome === 'incomplete' || outage.outcome === 'aborted' ? 'bad' : 'neutral';
};

/** Why there is no recovery time, or not the usual one. */
export function ending(outage: Outage): string {
  switch (outage.outcome) {
    case 'unnoticed':
      return `Unnoticed: ${outage.machine} was back before Kubernetes missed it`;
    case 'incomplete':
      return `Not everything came back: ${reasons(outage)}`;
    case 'aborted':
      return `Not measured to the end: ${outage.interrupted || 'it was interrupted'}`;
    default:
      return outage.open && outage.phase === null && outage.recovery_seconds === null
        ? 'No pod had to move: there is nothing to wait for'
        : '';
  }
}

function reasons(outage: Outage): string {
  const missing = outage.pods.filter((pod) => pod.resolved === null && pod.fate !== 'stays');
  return [...new Set(missing.map((pod) => pod.why))].slice(0, 2).join('; ') || 'pods are missing';
}
