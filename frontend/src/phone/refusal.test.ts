import { describe, expect, it } from 'vitest';
import { round, turn } from '../lib/invented-round';
import type { Mode, Play, Round } from '../lib/types';
import { isCounted, isSettled, standing, type Press, type Trouble } from './refusal';

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
    press: null,
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

describe('a press without an answer', () => {
  const press: Press = { round: 'r1', machine: 'node2', ticket: 3, at: 110 };
  const play = (mode: Mode, changes: Partial<Round>) =>
    ({ round: round(mode, changes), speed: 1 }) as Play;

  it('was counted if the round has it, waiting, under way or over', () => {
    for (const stage of ['asking', 'cutting', 'cut'] as const)
      expect(isCounted(press, play('queue', { turn: turn(3, { stage, machine: 'node2' }) }))).toBe(
        true,
      );
    const past = [turn(3, { stage: 'aborted', machine: 'node2' })];
    expect(isCounted(press, play('raffle', { past }))).toBe(true);
  });

  it('was not counted if this phone still has the button, or never had it', () => {
    expect(isCounted(press, play('queue', { turn: turn(3) }))).toBe(false);
    expect(isCounted(press, play('queue', { past: [turn(3, { stage: 'late' })] }))).toBe(false);
    const other = turn(4, { stage: 'asking', machine: 'node2' });
    expect(isCounted(press, play('free', { turn: other }))).toBe(false);
    expect(isCounted({ ...press, ticket: null }, play('free', { turn: other }))).toBe(false);
    expect(isCounted(press, null)).toBe(false);
    const elsewhere = play('queue', { id: 'r2', turn: turn(3, { machine: 'node2' }) });
    expect(isCounted(press, elsewhere)).toBe(false);
  });

  it('is not taken for an earlier one of the same phone', () => {
    const at = (since: number) => [turn(3, { stage: 'cut', machine: 'node2', since })];
    expect(isCounted(press, play('free', { past: at(105) }))).toBe(false);
    expect(isCounted(press, play('free', { past: at(110.2) }))).toBe(true);
  });

  it('is no longer reported once the round shows that it was counted', () => {
    const before = play('queue', { turn: turn(3) });
    const trouble: Trouble = {
      text: 'Your press was not confirmed. Press again.',
      shownInRound: false,
      allowedAt: null,
      since: 111,
      choice: 'node2',
      about: standing(before.round),
      press,
    };
    expect(isSettled(trouble, before, 200)).toBe(false);
    const asking = turn(3, { stage: 'asking', machine: 'node2' });
    expect(isSettled(trouble, play('queue', { turn: asking }), 111.3)).toBe(true);
  });
});
