import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { play, round, turn } from '../lib/invented-round';
import type { Joined, Play, Round } from '../lib/types';
import { Phone } from './phone.svelte';

const SEAT = '0a'.repeat(16);

class Pretend {
  static all: Pretend[] = [];
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    Pretend.all.push(this);
  }
  send(message: string) {
    this.sent.push(JSON.parse(message));
  }
  close() {}
}

let phone: Phone;
let end: () => void;
let seq = 0;

const socket = () => Pretend.all.at(-1)!;
const last = () => socket().sent.at(-1)!;
/** What was sent on all connections, without the ids. */
const sent = (what: string) =>
  Pretend.all.flatMap((one) => one.sent).filter((one) => one.do === what);
const settle = () => vi.advanceTimersByTimeAsync(0);

const you = (more: Partial<Joined> = {}): Joined => ({
  seat: SEAT,
  tag: '9f2c41',
  name: '',
  round: 'r1',
  ticket: null,
  voted: null,
  guess: null,
  withdrawn: false,
  ...more,
});
const next = (shown: Round | null): Play => play(shown, { seq: ++seq });

async function receive(message: unknown): Promise<void> {
  socket().onmessage!({ data: JSON.stringify(message) });
  await settle();
}

async function connect(shown: Round | null = round()): Promise<void> {
  socket().readyState = 1;
  socket().onopen!();
  await receive(next(shown));
}

async function acknowledge(more: Partial<Joined> = {}): Promise<void> {
  const { id, do: what } = last();
  const proof = what === 'hello' ? 'the proof' : null;
  await receive({ type: 'ack', id, you: you(more), proof });
}

async function refuse(more: Record<string, unknown>): Promise<void> {
  const { id } = last();
  const fields = { title: '', detail: 'No.', remedy: '', rule: null, allowed_at: null };
  await receive({ type: 'refused', id, status: 409, shown_in_round: false, ...fields, ...more });
}

/** The connection breaks; return when the phone has opened another one. */
async function reconnect(): Promise<void> {
  socket().onclose!({ code: 1006 });
  await vi.advanceTimersByTimeAsync(1_000);
}

const isSeen = (seen: boolean) =>
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(seen ? 'visible' : 'hidden');

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Pretend);
  Pretend.all = [];
  localStorage.clear();
  localStorage.setItem('seat', SEAT);
  history.replaceState(null, '', '/play?code=KTX4P');
  phone = new Phone();
  end = phone.open();
});

afterEach(() => {
  end();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a phone takes its seat', () => {
  it('with the code that was scanned, and later with the proof alone', async () => {
    await connect();
    expect(last()).toMatchObject({ do: 'hello', seat: SEAT, code: 'KTX4P' });
    await acknowledge();
    expect(location.search).toBe('');
    await reconnect();
    await connect();
    expect(last()).toEqual({ id: last().id, do: 'hello', seat: SEAT, proof: 'the proof' });
  });

  it('before it shows anything: it knows what it did only from the answer', async () => {
    await connect();
    expect(phone.view.name).toBe('connecting');
    await acknowledge({ ticket: 3, voted: 'node2' });
    expect(phone.view).toMatchObject({ name: 'sent', under: 'for node2' });
    expect(phone.connected).toBe(true);
  });

  it('with a code that is typed, if the one it had is no longer valid', async () => {
    await connect();
    await refuse({ status: 403, rule: 'code', detail: 'That code is wrong or has expired.' });
    expect(phone.view.name).toBe('code');
    expect(phone.trouble?.text).toBe('That code is wrong or has expired.');
    void phone.join('abcde');
    expect(last()).toMatchObject({ do: 'hello', code: 'abcde' });
    await acknowledge();
    expect(phone.view.name).toBe('open');
    expect(phone.trouble).toBeNull();
  });

  it('later, if the server has no room for it now', async () => {
    await connect();
    await refuse({ status: 429, detail: 'Too many requests.' });
    expect(phone.trouble?.text).toBe('Too many requests.');
    await vi.advanceTimersByTimeAsync(2_300);
    expect(sent('hello')).toHaveLength(2);
    expect(last()).toMatchObject({ code: 'KTX4P' });
    await acknowledge();
    expect(phone.trouble).toBeNull();
  });

  it('keeps a code that is typed while there is no connection', async () => {
    await connect();
    await refuse({ status: 403, rule: 'code' });
    socket().onclose!({ code: 1006 });
    await phone.join('abcde');
    expect(phone.trouble?.text).toContain('The code is sent as soon as it is back.');
    await vi.advanceTimersByTimeAsync(1_000);
    await connect();
    expect(last()).toMatchObject({ do: 'hello', code: 'abcde' });
  });
});

describe('a vote', () => {
  beforeEach(async () => {
    await connect();
    await acknowledge();
    phone.choose('node2');
  });

  it('that is answered late is said to take a while', async () => {
    void phone.act();
    await vi.advanceTimersByTimeAsync(1_250);
    expect(phone.view.big).toBe('Sending');
    await vi.advanceTimersByTimeAsync(500);
    expect(phone.view).toMatchObject({ big: 'Sent', under: 'waiting for the answer' });
  });

  it('without an answer is kept while the connection is lost, and sent again after the hello', async () => {
    void phone.act();
    socket().onclose!({ code: 1006 });
    expect(phone.view).toMatchObject({ big: 'Kept', under: 'waiting for the connection' });
    await vi.advanceTimersByTimeAsync(1_000);
    await connect();
    expect(sent('vote')).toHaveLength(1);
    await acknowledge();
    expect(last()).toMatchObject({ do: 'vote', round: 'r1', machine: 'node2' });
    expect(phone.view.big).toBe('Sending'); // not yet slow: it has just been sent
    await acknowledge({ ticket: 1, voted: 'node2' });
    expect(phone.view).toMatchObject({ name: 'sent', under: 'for node2' });
    expect(sent('vote')).toHaveLength(2);
  });

  it('can be cast while the connection is lost', async () => {
    socket().onclose!({ code: 1006 });
    expect(phone.canAct).toBe(true);
    void phone.act();
    expect(phone.view.big).toBe('Kept');
    await vi.advanceTimersByTimeAsync(1_000);
    await connect();
    await acknowledge();
    expect(sent('vote')).toHaveLength(1);
  });

  it('that gets no answer on a connection that is silent is sent on a new one', async () => {
    void phone.act();
    await vi.advanceTimersByTimeAsync(1_750);
    expect(last()).toMatchObject({ do: 'ping' });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(Pretend.all).toHaveLength(2);
    await connect();
    await acknowledge();
    expect(last()).toMatchObject({ do: 'vote' });
  });

  it('that waits for a busy server stays on its connection', async () => {
    void phone.act();
    await vi.advanceTimersByTimeAsync(1_750);
    await receive({ type: 'pong', id: last().id });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(Pretend.all).toHaveLength(1);
    expect(phone.view.under).toBe('waiting for the answer');
  });

  it('is not repeated by a second tap', async () => {
    void phone.act();
    void phone.act();
    expect(sent('vote')).toHaveLength(1);
  });

  it('of a phone that lost its seat is sent once it has the seat back', async () => {
    void phone.act();
    await reconnect();
    await connect();
    await refuse({ status: 403, rule: 'code' });
    expect(phone.view.name).toBe('code');
    void phone.join('abcde');
    await acknowledge();
    expect(last()).toMatchObject({ do: 'vote', machine: 'node2' });
  });

  it('without a seat takes the seat again, and the person votes again', async () => {
    void phone.act();
    await refuse({ status: 401, rule: 'seat' });
    expect(last()).toMatchObject({ do: 'hello', proof: 'the proof' });
    await acknowledge();
    expect(phone.trouble?.text).toBe('You lost your seat and have it back. Press again.');
    expect(phone.view).toMatchObject({ act: 'vote', ready: true });
  });
});

describe('a press', () => {
  const free = round('free', { closes: null });

  beforeEach(async () => {
    await connect(free);
    await acknowledge();
    phone.choose('node2');
  });

  it('is not possible while the connection is lost', async () => {
    socket().onclose!({ code: 1006 });
    expect(phone.canAct).toBe(false);
    await phone.act();
    expect(phone.own.sending).toBeNull();
  });

  it('without an answer is to be made again, if the server did not count it', async () => {
    void phone.act();
    await reconnect();
    await connect(free);
    await acknowledge();
    expect(phone.trouble?.text).toBe('Your press was not confirmed. Press again.');
    expect(sent('press')).toHaveLength(1);
    expect(phone.view.ready).toBe(true);
  });

  it('without an answer is shown as pressed, if the server counted it', async () => {
    void phone.act();
    await reconnect();
    const asking = turn(4, { stage: 'asking', machine: 'node2', since: 100.5 });
    await connect({ ...free, turn: asking });
    await acknowledge({ ticket: 4 });
    expect(phone.view).toMatchObject({ big: 'Pressed', under: 'node2' });
    expect(phone.trouble).toBeNull();
    expect(sent('press')).toHaveLength(1);
  });

  it('is shown as pressed also if the round says so a moment later', async () => {
    void phone.act();
    await reconnect();
    await connect(free);
    await acknowledge({ ticket: 4 });
    expect(phone.trouble).not.toBeNull();
    const asking = turn(4, { stage: 'asking', machine: 'node2', since: 100.5 });
    await receive(next({ ...free, turn: asking }));
    expect(phone.view.big).toBe('Pressed');
    expect(phone.trouble).toBeNull();
  });
});

describe('a phone whose turn it is', () => {
  const mine = round('queue', { turn: turn(3), called: 3 });
  const heres = () => sent('here').length;

  async function called(): Promise<void> {
    await connect(mine);
    await acknowledge({ ticket: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
  }

  it('answers once that it is there', async () => {
    await called();
    expect(heres()).toBe(1);
    await acknowledge({ ticket: 3 });
    await receive(next(mine));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(heres()).toBe(1);
  });

  it('answers when it is looked at, not before', async () => {
    isSeen(false);
    await called();
    expect(heres()).toBe(0);
    isSeen(true);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(250);
    expect(heres()).toBe(1);
  });

  it('has its answer once on the connection that replaces one that died while it slept', async () => {
    isSeen(false);
    await called();
    isSeen(true);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Pretend.all).toHaveLength(2);
    await connect(mine);
    await acknowledge({ ticket: 3 });
    expect(socket().sent.filter((one) => one.do === 'here')).toHaveLength(1);
    await acknowledge({ ticket: 3 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(socket().sent.filter((one) => one.do === 'here')).toHaveLength(1);
  });

  it('does not insist when it is refused: the turn is over', async () => {
    await called();
    await refuse({ detail: 'That round is over.' });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(heres()).toBe(1);
    expect(phone.trouble).toBeNull();
  });
});
