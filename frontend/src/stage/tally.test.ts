import { expect, test } from 'vitest';
import { round, turn } from '../lib/invented-round';
import { outage } from './fixtures';
import { decidedBy, winner } from './result';
import { brief, ending, lines, next, question, scale } from './tally';

test('bars are measured by the leader, and say what cannot be cut', () => {
  const tally = { n1: 2, n2: 4, n3: 0 };
  const shown = lines(round('vote', { tally, leaders: ['n2'], barred: { n1: 'off' } }));
  expect(shown.map((line) => line.share)).toEqual([0.5, 1, 0]);
  expect(shown.map((line) => line.barred)).toEqual(['off', '', '']);
});

test('the question follows the kind of round and what is cut', () => {
  expect(question(undefined)).toBe('No round yet');
  expect(question(round('vote', { feed: 'network' }))).toContain('cut off');
  expect(question(round('vote', { chosen: 'n2' }))).toBe('n2 it is');
  expect(question(round('bet'))).toContain('node3');
  for (const mode of ['raffle', 'queue', 'free'] as const)
    expect(question(round(mode))).not.toBe('');
});

test('a round that ended without a cut asks no question any more', () => {
  for (const state of ['over', 'cancelled'] as const)
    expect(question(round('vote', { state }))).toBe('The round is over');
  expect(question(round('vote', { state: 'cancelled', chosen: 'n2' }))).toBe('n2 it is');
});

test('a turn that cut a machine says no longer that it is off', () => {
  for (const stage of ['cut', 'done'] as const)
    expect(ending(turn(1, { stage, machine: 'node2' }))).toBe('node2 was cut');
});

test('the next tickets are those that have not left', () => {
  const line = round('queue', { called: 3, entered: 8, gone: [5] });
  expect(next(line, 3)).toEqual([4, 6, 7]);
  expect(next(line, 9)).toEqual([4, 6, 7, 8]);
});

test('how a turn ended is said in a few words', () => {
  expect(ending(turn(1, { stage: 'vetoed', machine: 'node2' }))).toBe('node2 vetoed');
  expect(ending(turn(1, { stage: 'late' }))).toBe('too late');
});

test('one wild guess does not squeeze all others together', () => {
  const bet = { low: 5, middle: 12, high: 9000, best: [], offs: [] };
  expect(scale(bet, 0)).toBe(36);
  expect(scale({ ...bet, high: 20 }, 0)).toBe(20);
  expect(scale(bet, 100)).toBeCloseTo(115);
});

test('a long number is shown so that it can be compared by eye', () => {
  expect(brief('3fa912bcdeadbeef')).toBe('3fa9 12bc …');
});

test('a result tells who decided, and who won the bet', () => {
  const cut = outage('n1', { by: 'vote round-1' });
  expect(decidedBy(cut, undefined)).toBe(cut.telling.who);
  const past = [turn(4, { stage: 'done', outage: cut.id })];
  expect(decidedBy(cut, round('queue', { past }))).toBe('Ticket 4 pressed.');
  const voted = round('vote', {
    past: [turn(0, { outage: cut.id })],
    entered: 5,
    tally: { [cut.machine]: 3 },
  });
  expect(decidedBy(cut, voted)).toBe(`3 of 5 votes for ${cut.machine}.`);
  const best = [{ ticket: 7, tag: '', name: 'Ana', seconds: 12, off: 0.5 }];
  const bet = { low: 5, middle: 12, high: 20, best, offs: [0.5] };
  const won = round('bet', { state: 'revealed', outage: cut.id, bet });
  expect(winner(cut, won)).toBe('Ana wins the bet: 12.0 s, 0.5 s off.');
  expect(winner(cut, { ...won, bet: { ...bet, best: [] } })).toBe('No one wins the bet.');
  expect(winner(outage('n2'), won)).toBe('');
});
