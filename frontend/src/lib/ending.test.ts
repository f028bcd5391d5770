import { expect, test } from 'vitest';
import { outage } from '../stage/fixtures';
import { ending, toneOf } from './ending';

test('only a recovery is good news, and what is none says why', () => {
  const ended = (outcome: string) =>
    outage('n1', { open: false, outcome, interrupted: 'restarted' });
  expect(toneOf(ended('recovered'))).toBe('good');
  expect(toneOf(ended('unnoticed'))).toBe('neutral');
  for (const outcome of ['incomplete', 'aborted']) expect(toneOf(ended(outcome))).toBe('bad');
  expect(ending(ended('aborted'))).toBe('Not measured to the end: restarted');
});
