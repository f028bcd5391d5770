// Whether an outage ended well. Pure.
import type { Outage } from './types';

export type Tone = 'good' | 'bad' | 'neutral';

/** Whether an outcome is good news: only a recovery is. */
export const toneOf = (outage: Outage): Tone => {
  if (outage.outcome === 'recovered') return 'good';
  return outage.outcome === 'incomplete' || outage.outcome === 'aborted' ? 'bad' : 'neutral';
};

/** What ties the pods that stay to their machine, if one word says it. */
export const byDaemonSet = (outage: Outage): string =>
  outage.pods.every((pod) => pod.fate !== 'stays' || pod.workload.startsWith('DaemonSet/'))
    ? ' (DaemonSet)'
    : '';
