// How long an outage has taken so far. Pure.
import type { Outage } from './types';

/** Seconds that the phases took that have ended. */
export const ended = (outage: Outage): number =>
  Object.values(outage.phases).reduce((sum, seconds) => sum + seconds, 0);

/** Seconds since t0; not less than the phases took that have ended, which are told between two ticks. */
export const passed = (outage: Outage, now: number): number =>
  Math.max(now - outage.t0, ended(outage));
