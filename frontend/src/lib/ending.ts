// Whether an outage ended well. Pure.
import type { Outage } from './types';

export type Tone = 'good' | 'bad' | 'neutral';

/** Whether an outcome is good news: only a recovery is. */
export const toneOf = (outage: Outage): Tone => {
  if (outage.outcome === 'recovered') return 'good';
  return outage.outcome === 'incomplete' || outage.outcome === 'aborted' ? 'bad' : 'neutral';
};
