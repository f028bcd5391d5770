// The bars of past recoveries. Pure.
import type { Outage } from '../lib/types';
import { nothingMoves } from './phases';

export interface Run {
  id: string;
  seconds: number;
  kind: 'power' | 'network' | 'observed';
  /** Whether the stopwatch shows it. */
  current: boolean;
}

export interface History {
  runs: Run[];
  best: number | null;
  median: number | null;
  /** How many outages ended without a recovery time. */
  unmeasured: number;
  /** How many cannot be compared: no pod moved, or they were not fully observed. */
  apart: number;
}

const MOST = 12;

export function historyOf(
  outages: readonly Outage[],
  current: Outage | undefined,
  elapsed: number | null,
): History {
  const compared = outages.filter(
    (outage) => outage.recovery_seconds === null || (moved(outage) && known(outage)),
  );
  const counted = compared.filter((outage) => !compared.some((one) => standsFor(one, outage)));
  const measured = counted.filter((outage) => outage.recovery_seconds !== null);
  const times = measured.map((outage) => outage.recovery_seconds!).sort((a, b) => a - b);
  const runs = counted
    .map((outage): Run | null => {
      const isCurrent = outage === current;
      if (isCurrent && nothingMoves(outage)) return null;
      const seconds = outage.recovery_seconds ?? (isCurrent ? elapsed : null);
      if (seconds === null) return null;
      return { id: outage.id, seconds, kind: kindOf(outage), current: isCurrent };
    })
    .filter((run) => run !== null)
    .slice(-MOST);
  return {
    runs,
    best: times[0] ?? null,
    median: median(times),
    unmeasured: outages.filter((one) => !one.open && one.recovery_seconds === null).length,
    apart: outages.length - compared.length,
  };
}

const TOGETHER = 5; // s within which machines lose power when one supply fails

/** One supply failure is one run: that of the machine that took longest. */
function standsFor(one: Outage, other: Outage): boolean {
  if (one === other || one.cause !== 'supply' || other.cause !== 'supply') return false;
  if (Math.abs(one.t0 - other.t0) > TOGETHER) return false;
  const [took, less] = [one, other].map((outage) => outage.recovery_seconds ?? 0);
  return took! > less! || (took === less && one.id < other.id);
}

/** Whether Kubernetes replaced at least one pod elsewhere: the bars compare only such runs. */
const moved = (outage: Outage): boolean =>
  outage.pods.some((pod) => pod.fate === 'moves' && pod.successor !== null);

/** Whether it was fully observed: a time between 8 and 20 s is neither best nor median. */
const known = (outage: Outage): boolean => outage.recovery_at_least == null || outage.blind === 0;

function kindOf(outage: Outage): Run['kind'] {
  if (outage.origin === 'observed') return 'observed';
  return outage.feed === 'network' ? 'network' : 'power';
}

function median(sorted: readonly number[]): number | null {
  const middle = sorted.length / 2;
  if (sorted.length === 0) return null;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
