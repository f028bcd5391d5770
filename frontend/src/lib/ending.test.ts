import { expect, test } from 'vitest';
import { outage } from '../stage/fixtures';
import type { Outcome } from './types';
import { toneOf } from './ending';

test('only a recovery is good news', () => {
  const ended = (outcome: Outcome) => outage('n1', { open: false, outcome });
  expect(toneOf(ended('recovered'))).toBe('good');
  expect(toneOf(ended('unnoticed'))).toBe('neutral');
  for (const outcome of ['incomplete', 'aborted'] as const)
    expect(toneOf(ended(outcome))).toBe('bad');
});
