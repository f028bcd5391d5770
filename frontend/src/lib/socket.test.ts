import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Socket } from './socket';

class Pretend {
  static all: Pretend[] = [];
  static OPEN = 1;
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  constructor() {
    Pretend.all.push(this);
  }
  send() {}
  close() {
    this.closed = true;
  }
}

const received: string[] = [];
let lost = 0;
let socket: Socket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Pretend);
  Pretend.all = [];
  received.length = lost = 0;
  socket = new Socket('/ws', {
    opened: () => {},
    received: (message) => received.push(message),
    closed: () => (lost += 1),
  });
  Pretend.all[0]!.onopen!();
});

afterEach(() => {
  socket.end();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('a connection that falls silent is given up, and another one opened', () => {
  vi.advanceTimersByTime(16_000);
  expect(lost).toBe(1);
  expect(Pretend.all[0]!.closed).toBe(true);
  vi.advanceTimersByTime(2_000);
  expect(Pretend.all).toHaveLength(2);
});

test('signs of life keep it open and are nobody else’s business', () => {
  for (let beat = 0; beat < 6; beat++) {
    vi.advanceTimersByTime(5_000);
    Pretend.all[0]!.onmessage!({ data: '{"type":"beat","at":1.0}' });
  }
  expect(lost).toBe(0);
  expect(received).toEqual([]);
});

test('what the server says is handed on as it came', () => {
  Pretend.all[0]!.onmessage!({ data: '{"type":"delta"}' });
  expect(received).toEqual(['{"type":"delta"}']);
});

test('a closed connection comes back after a pause, and an ended one does not', () => {
  Pretend.all[0]!.onclose!({ code: 1006 });
  expect(lost).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(Pretend.all).toHaveLength(2);
  socket.end();
  vi.advanceTimersByTime(60_000);
  expect(Pretend.all).toHaveLength(2);
});

const isSeen = (seen: boolean) => {
  const state = seen ? 'visible' : 'hidden';
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
};

test('a page that slept connects at once when it is seen again, though its clock slept too', () => {
  isSeen(false);
  vi.setSystemTime(Date.now() + 60_000); // the wall clock advances, `performance` does not
  isSeen(true);
  expect(lost).toBe(1);
  expect(Pretend.all[0]!.closed).toBe(true);
  expect(Pretend.all).toHaveLength(2);
});

test('a page that was hidden and heard all the while keeps its connection', () => {
  isSeen(false);
  vi.advanceTimersByTime(5_000);
  Pretend.all[0]!.onmessage!({ data: '{"type":"beat","at":1.0}' });
  isSeen(true);
  expect(lost).toBe(0);
  expect(Pretend.all).toHaveLength(1);
});

test('a network that returns is not made to wait for the pause', () => {
  Pretend.all[0]!.onclose!({ code: 1006 });
  expect(Pretend.all).toHaveLength(1);
  window.dispatchEvent(new Event('online'));
  expect(Pretend.all).toHaveLength(2);
});

test('a connection that was given up says nothing any more', () => {
  vi.advanceTimersByTime(16_000);
  expect(Pretend.all[0]!.onmessage).toBeNull();
});
