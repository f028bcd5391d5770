import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Board } from './board.svelte';
import type { Delta, Snapshot, State } from './types';

const state = {
  cluster: {},
  machines: {},
  pods: {},
  services: {},
  outages: {},
  show: {},
  rounds: {},
} as State;
const snapshot: Snapshot = { type: 'snapshot', protocol: 1, seq: 1, at: 100, state };
const delta: Delta = { type: 'delta', seq: 2, at: 101, set: {}, gone: {} };

let board: Board;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', () => 0);
  board = new Board('viewer');
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('a tab that is hidden before its next frame takes in what it was told', () => {
  board.hear(snapshot);
  vi.advanceTimersByTime(1000);
  expect(board.known).toBe(true);
});

test('the clock is right however late a message is shown', () => {
  board.take(snapshot);
  vi.advanceTimersByTime(1000);
  board.hear(delta);
  const told = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(told + 40_000);
  board.flush();
  expect(board.now()).toBeCloseTo(141);
});

test('what is measured stands still from the last sign of life until the server is heard again', () => {
  let close: (() => void) | undefined;
  class Silent {
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: (() => void) | null = null;
    constructor() {
      close = () => this.onclose!();
      setTimeout(() => this.onmessage!({ data: JSON.stringify(snapshot) }));
      setTimeout(() => this.onmessage?.({ data: '{"type":"beat","at":104}' }), 4000);
    }
    close() {}
  }
  vi.stubGlobal('WebSocket', Silent);
  const end = board.listen();
  vi.advanceTimersByTime(10_000);
  expect(board.asOf(board.now())).toBeCloseTo(110, 1);
  close!();
  expect(board.now()).toBeCloseTo(110, 1);
  expect(board.asOf(board.now())).toBeCloseTo(104, 1);
  end();
});
