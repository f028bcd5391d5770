import { expect, test } from 'vitest';
import type { Round } from '../lib/types';
import { lines, question, standing } from './tally';

const round = (changes: Partial<Round> = {}): Round => ({
  id: 'r',
  state: 'open',
  opened: 0,
  closes: 30,
  tally: { n1: 2, n2: 4, n3: 0 },
  ballots: 6,
  leaders: ['n2'],
  chosen: null,
  outage: null,
  ...changes,
});

test('bars are measured by the leader', () => {
  expect(lines(round()).map((line) => line.share)).toEqual([0.5, 1, 0]);
});

test('a tie is the presenter’s to break', () => {
  expect(standing(round({ leaders: ['n1', 'n2'] }))).toContain('tie between n1 and n2');
});

test('every state of a round says something', () => {
  for (const state of ['open', 'closed', 'executed', 'revealed', 'cancelled'] as const)
    expect(standing(round({ state, ballots: 0 }))).not.toBe('');
  expect(standing(undefined)).toContain('presenter');
});

test('the question follows what is cut', () => {
  expect(question(round(), 'network')).toContain('cut off');
  expect(question(round({ chosen: 'n2' }), 'power')).toBe('n2 it is');
});
