import { describe, expect, it } from 'vitest';
import { round, turn } from '../lib/invented-round';
import type { Play, Round } from '../lib/types';
import { isSettled, standing, type Trouble } from './refusal';

describe('a refusal', () => {
  const wanted = { ...round('free'), tally: {} };
  const play = (changes: Partial<Round> = {}) =>
    ({ round: { ...wanted, ...changes }, speed: 1 }) as Play;
  const asking = turn(5, { stage: 'asking', machine: 'node2' });
  const refusal = (more: Partial<Trouble> = {}): Trouble => ({
    text: 'Another phone just pressed.',
    shownInRound: true,
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
    const halted = refusal({ allowedAt: null });
    expect(isSettled(halted, play({ blocked: 'HALT is active.' }), 200)).toBe(false);
    expect(isSettled(halted, play(), 200)).toBe(true);
    const off = refusal({ allowedAt: null });
    expect(isSettled(off, play({ barred: { node3: 'off' } }), 200)).toBe(false);
    expect(isSettled(off, play({ barred: { node1: 'off' } }), 200)).toBe(true);
  });

  it('that the round does not show stays until the person does something', () => {
    expect(isSettled(refusal({ shownInRound: false, allowedAt: null }), play(), 1000)).toBe(false);
  });
});
