import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Socket } from './socket';

class Pretend {
  static all: Pretend[] = [];
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  constructor() {
    Pretend.all.push(this);
  }
  send(message: string) {
    this.sent.push(message);
  }
  close() {
    this.closed = true;
  }
  open() {
    this.readyState = 1;
    this.onopen!();
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
  Pretend.all[0]!.open();
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

test('an answer to no probe is waited for as long as the server’s own signs of life take', () => {
  vi.advanceTimersByTime(4_000);
  isSeen(true);
  vi.advanceTimersByTime(2_000);
  expect(Pretend.all).toHaveLength(1);
  vi.advanceTimersByTime(600);
  expect(Pretend.all).toHaveLength(2);
  expect(lost).toBe(1);
});

describe('a connection that can be probed', () => {
  let probes = 0;

  beforeEach(() => {
    socket.end();
    Pretend.all = [];
    probes = lost = 0;
    socket = new Socket('/ws/play', {
      opened: () => {},
      received: () => {},
      closed: () => (lost += 1),
      probe: () => {
        probes += 1;
        socket.send({ do: 'ping' });
      },
    });
    Pretend.all[0]!.open();
  });

  const WAKES: [string, () => void][] = [
    ['is shown', () => isSeen(true)],
    ['is no longer frozen', () => document.dispatchEvent(new Event('resume'))],
    ['is online again', () => window.dispatchEvent(new Event('online'))],
    [
      'comes back from the back/forward cache',
      () => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
    ],
  ];

  test.each(WAKES)('is replaced a second after its page %s, if nothing arrives', (_, wake) => {
    wake();
    expect(probes).toBe(1);
    expect(Pretend.all[0]!.sent).toEqual(['{"do":"ping"}']);
    vi.advanceTimersByTime(999);
    expect(Pretend.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(Pretend.all).toHaveLength(2);
    expect(Pretend.all[0]!.closed).toBe(true);
    expect(lost).toBe(1);
  });

  test.each(WAKES)('stays after its page %s, if anything arrives', (_, wake) => {
    wake();
    vi.advanceTimersByTime(900);
    Pretend.all[0]!.onmessage!({ data: '{"type":"beat","at":1.0}' });
    vi.advanceTimersByTime(4_000);
    expect(Pretend.all).toHaveLength(1);
    wake();
    expect(probes).toBe(2);
  });

  test('is probed once, however many events say that its page wakes up', () => {
    for (const [, wake] of WAKES) wake();
    expect(probes).toBe(1);
    vi.advanceTimersByTime(1_000);
    for (const [, wake] of WAKES) wake();
    expect(Pretend.all).toHaveLength(2); // the new one has just begun
  });

  test('is not probed by a page that is hidden, or that has just been loaded', () => {
    isSeen(false);
    window.dispatchEvent(new Event('online'));
    isSeen(false);
    expect(probes).toBe(0);
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('visible');
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
    expect(probes).toBe(0);
  });

  test('that is still being made when its page wakes up is begun again, unless it is new', () => {
    Pretend.all[0]!.onclose!({ code: 1006 });
    window.dispatchEvent(new Event('online'));
    expect(Pretend.all).toHaveLength(2);
    vi.advanceTimersByTime(900);
    window.dispatchEvent(new Event('online'));
    expect(Pretend.all).toHaveLength(2);
    vi.advanceTimersByTime(100);
    window.dispatchEvent(new Event('online'));
    expect(Pretend.all).toHaveLength(3);
    expect(probes).toBe(0);
  });

  test('that was closed while its page slept is replaced without a probe', () => {
    Pretend.all[0]!.readyState = 3;
    isSeen(true);
    expect(Pretend.all).toHaveLength(2);
    expect(probes).toBe(0);
  });

  test('after a page woke up in vain, the next pause is the shortest again', () => {
    for (let times = 0; times < 8; times++) {
      Pretend.all.at(-1)!.onclose!({ code: 1006 });
      vi.advanceTimersByTime(8_000);
    }
    window.dispatchEvent(new Event('online'));
    const count = Pretend.all.length;
    Pretend.all.at(-1)!.onclose!({ code: 1006 });
    vi.advanceTimersByTime(450); // 300 ms, half as long again at most
    expect(Pretend.all).toHaveLength(count + 1);
  });

  test('is given as much time as the caller of check says', () => {
    socket.check(3_000);
    vi.advanceTimersByTime(2_999);
    expect(Pretend.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(Pretend.all).toHaveLength(2);
  });

  test('is probed when the network is another one, not when its speed changes', () => {
    const connection = Object.assign(new EventTarget(), { type: 'wifi' });
    vi.stubGlobal('navigator', { connection });
    socket.end();
    socket = new Socket('/ws/play', {
      opened: () => {},
      received: () => {},
      closed: () => {},
      probe: () => (probes += 1),
    });
    Pretend.all.at(-1)!.open();
    connection.dispatchEvent(new Event('change'));
    expect(probes).toBe(0);
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    expect(probes).toBe(1);
  });

  test('that has ended is not probed', () => {
    socket.end();
    for (const [, wake] of WAKES) wake();
    vi.advanceTimersByTime(60_000);
    expect(probes).toBe(0);
    expect(Pretend.all).toHaveLength(1);
  });
});
