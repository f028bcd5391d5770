import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('what is shown', () => {
  let close: (code?: number) => void;
  let end: () => void;

  class Pretend {
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;
    constructor() {
      close = (code = 1006) => this.onclose!({ code });
      setTimeout(() => this.onmessage!({ data: JSON.stringify(snapshot) }));
      setTimeout(() => this.onmessage?.({ data: '{"type":"beat","at":104}' }), 4000);
    }
    close() {}
  }

  beforeEach(() => {
    vi.stubGlobal('WebSocket', Pretend);
    end = board.listen();
  });

  afterEach(() => end());

  test('stands still where the connection broke: it does not jump back', () => {
    vi.advanceTimersByTime(8_000);
    expect(board.now()).toBeCloseTo(108, 1);
    close();
    expect(board.connected).toBe(false);
    vi.advanceTimersByTime(250);
    expect(board.now()).toBeCloseTo(108, 1);
    expect(board.time()).toBeGreaterThan(board.now());
  });

  test('stands still at the last sign of life, if nothing broke and nothing is heard', () => {
    vi.advanceTimersByTime(18_100); // checked every 3 s
    expect(board.connected).toBe(false);
    expect(board.now()).toBeCloseTo(104, 1);
  });

  test('goes on when the server is heard again', () => {
    vi.advanceTimersByTime(8_000);
    close();
    vi.advanceTimersByTime(3_000);
    expect(board.connected).toBe(true);
    const before = board.now();
    vi.advanceTimersByTime(1_000);
    expect(board.now()).toBeCloseTo(before + 1, 1);
  });

  test('is told apart from a session that ended', () => {
    vi.advanceTimersByTime(1_000);
    close();
    expect(board.signedOut).toBe(false);
    vi.advanceTimersByTime(3_000);
    close(4401);
    expect(board.signedOut).toBe(true);
  });
});
