import { expect, test } from 'vitest';
import { outage } from './fixtures';
import { rows } from './phases';
import type { Outage } from '../lib/types';
import { bars, untimed } from './result';

test('the bars of a result are to one scale, and each begins where the last one ended', () => {
  const phases = { detect: 7, evict: 1, reschedule: 0, ready: 2 };
  const found = bars(
    rows(outage('n1', { phases, outcome: 'recovered', recovery_seconds: 10 }), 200),
  );
  expect(found.map(({ from, share }) => [from, share])).toEqual([
    [0, 0.7],
    [0.7, 0.1],
    [0.8, 0],
    [0.8, 0.2],
  ]);
});

test('before anything took time there is no bar', () => {
  expect(bars(rows(undefined, 0))).toEqual([]);
});

test('an outage without a time is not called aborted', () => {
  const ended = (outcome: Outage['outcome']) => untimed(outage('n1', { outcome, open: false }));
  expect(ended('aborted')).toBe('no time');
  expect(ended('unnoticed')).toBe('unnoticed');
  expect(untimed(undefined)).toBe('no time');
});
