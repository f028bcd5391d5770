import { describe, expect, it, test } from 'vitest';
import { round, turn } from '../lib/invented-round';
import type { Play, Round } from '../lib/types';
import { isSettled, standing, told, type Trouble } from './error-text';

test.each([
  ['halted', 'HALT holds since 3 s, pressed by 10.0.0.7.', 'Release it.', 'Not now: HALT holds.'],
  ['code', 'That is not the code.', 'Type the new one.', 'That is not the code. Type the new one.'],
  ['max-off', 'Only 1 may be off.', 'curl …', 'Only 1 may be off.'],
])(
  'a refusal by the rule %s is told to whoever holds a phone',
  (rule, message, remedy, expected) => {
    expect(told({ rule, message, remedy })).toBe(expected);
  },
);

describe('a refusal', () => {
  const wanted = { ...round('free'), tally: {} };
  const play = (changes: Partial<Round> = {}) =>
    ({ round: { ...wanted, ...changes }, speed: 1 }) as Play;
  const asking = turn(5, { stage: 'asking', machine: 'node2' });
  const refusal = (more: Partial<Trouble> = {}): Trouble => ({
    text: 'Somebody else has just pressed.',
    rule: 'another-press',
    allowedAt: 160,
    since: 100,
    choice: 'node3',
    about: standing(wanted),
    ...more,
  });

  it('stands as long as what made it true', () => {
    expect(isSettled(refusal(), play({ turn: asking }), 130)).toBe(false);
  });

  it('ends with the veto, or the end of the turn, that makes pressing possible', () => {
    expect(isSettled(refusal(), play(), 103)).toBe(true);
  });

  it('is not taken back by a message that is older than it', () => {
    expect(isSettled(refusal(), play(), 101)).toBe(false);
  });

  it('ends with its round, and when the round closes', () => {
    expect(isSettled(refusal(), play({ state: 'closed', turn: asking }), 101)).toBe(true);
    expect(isSettled(refusal(), play({ id: 'r2', turn: asking }), 101)).toBe(true);
  });

  it('ends when time is up', () => {
    expect(isSettled(refusal(), play({ turn: asking }), 160)).toBe(true);
  });

  it('of a machine, or of the table, ends with what bars it', () => {
    const halted = refusal({ rule: 'halted', allowedAt: null });
    expect(isSettled(halted, play({ blocked: 'HALT holds.' }), 200)).toBe(false);
    expect(isSettled(halted, play(), 200)).toBe(true);
    const off = refusal({ rule: 'already-off', allowedAt: null });
    expect(isSettled(off, play({ barred: { node3: 'off' } }), 200)).toBe(false);
    expect(isSettled(off, play({ barred: { node1: 'off' } }), 200)).toBe(true);
  });

  it('that the round does not show stays until the person does something', () => {
    expect(isSettled(refusal({ rule: '', allowedAt: null }), play(), 1000)).toBe(false);
  });
});
