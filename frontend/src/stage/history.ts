// The bars of past recoveries. Pure.
import type { Outage } from '../lib/types';

export interface Run {
  id: string;
  seconds: number;
  kind: 'power' | 'network' | 'observed';
  /** It is the one that the stopwatch shows. */
  current: boolean;
}

export interface History {
  runs: Run[];
  best: number | null;
  median: number | null;
  /** How many ended without a recovery time. */
  unmeasured: number;
}

const MOST = 12;

export function historyOf(
  outages: readonly Outage[],
  current: Outage | undefined,
  elapsed: number | null,
): History {
  const measured = outages.filter((outage) => outage.recovery_seconds !== null);
  const times = measured.map((outage) => outage.recovery_seconds!).sort((a, b) => a - b);
  const runs = outages
    .map((outage): Run | null => {
      const isCurrent = outage === current;
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
  };
}

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
