// The recovery time as text, as exactly as it is known. Pure.
import type { Outage } from './types';

type Times = Pick<Outage, 'recovery_seconds' | 'recovery_at_least'>;

/** "20.1", or "8.0 to 20.1" if it is not exact; "" without a time. */
export function took(times: Times, write = (seconds: number) => seconds.toFixed(1)): string {
  const { recovery_seconds: most, recovery_at_least: least } = times;
  if (most === null) return '';
  return least == null ? write(most) : `${write(least)} to ${write(most)}`;
}
