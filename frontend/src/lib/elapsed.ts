// How long an outage has taken so far. Pure.
import type { Outage } from './types';

/** Seconds that the ended phases took. */
export const ended = (outage: Outage): number =>
  Object.values(outage.phases).reduce((sum, seconds) => sum + seconds, 0);

/** Seconds since t0; at least the sum of the ended phases, which may arrive between two ticks. */
export const passed = (outage: Outage, now: number): number =>
  Math.max(now - outage.t0, ended(outage));
