import { describe, expect, it } from 'vitest';
import { play, round, turn } from '../lib/invented-round';
import type { Mode, Play, Round } from '../lib/types';
import { rank } from './rounds';
import { codeIn, keepProof, proof, seat } from './seat';
import { ENTERING, LEAVING, sendingGuess, sendingPress, sendingVote } from './texts';
import { NOTHING, type Own } from './view-model';
import { view } from './view';

const OWN: Own = { ...NOTHING };
const VOTED: Own = { ...OWN, round: 'r1', ticket: 3, voted: 'node3' };
const SENDING: Own = { ...OWN, sending: sendingVote('node2') };
const SEATED: Own = { ...OWN, round: 'r1', ticket: 3 };

const outage = (more: Partial<NonNullable<Play['outage']>> = {}): Play['outage'] => ({
  machine: 'node3',
  feed: 'power',
  phase: 'detect',
  recovery_seconds: null,
  recovery_at_least: null,
  outcome: null,
  text: '',
  rank: null,
  runs: 0,
  ...more,
});

describe('what a phone shows', () => {
  it.each<[string, Play | null, Own, number, string, RegExp]>([
    ['before the server speaks', null, OWN, 0, 'connecting', /Looking/],
    ['without the code', play(null), { ...OWN, needsCode: true }, 0, 'code', /on the big screen/],
    ['without a round', play(null), OWN, 100, 'waiting', /open the next round.*69 more/],
    [
      'after a round that was given up',
      play(round('vote', { state: 'cancelled' })),
      OWN,
      100,
      'waiting',
      /how it stands.*next/,
    ],
    ['an open vote', play(round()), OWN, 118, 'open', /how it stands\.$/],
    ['while it sends', play(round()), SENDING, 101, 'sending', /Sending your vote for node2\./],
    [
      'while the answer takes long',
      play(round()),
      { ...SENDING, slow: true },
      105,
      'sending',
      /Many phones at once/,
    ],
    ['its vote is in', play(round()), VOTED, 101, 'sent', /how it stands/],
    ['time is up', play(round()), OWN, 130, 'closed', /did not vote/],
    ['closed by hand', play(round('vote', { state: 'closed' })), VOTED, 101, 'closed', /node3/],
  ])('%s', (_, told, own, now, name, text) => {
    const shown = view(told, own, now);
    expect(shown.name).toBe(name);
    expect(shown.text).toMatch(text);
  });

  it.each([
    [sendingVote('node2'), 'Kept', 'Your vote for node2 is kept and sent as soon as'],
    [sendingGuess(12.5), 'Kept', 'Your guess of 12.5 s is kept and sent as soon as'],
    [ENTERING, 'Waiting', 'You get a ticket as soon as'],
    [LEAVING, 'Waiting', 'Your place is given up as soon as'],
    [sendingPress('node2'), 'No answer', 'You will see whether it counted as soon as'],
  ])('what waits for the connection is not said to be under way: %#', (sending, big, text) => {
    const shown = view(play(round()), { ...OWN, sending, slow: true }, 105, false);
    expect(shown).toMatchObject({ name: 'sending', big, under: 'waiting for the connection' });
    expect(shown.text).toContain(`${text} the connection is back.`);
    expect(shown.text).not.toContain('Sending');
  });

  it('counts down beside the sentence, not in it', () => {
    expect(view(play(round()), OWN, 118).clock).toBe('Closes in 12 s.');
    expect(view(play(round(), { speed: 4 }), OWN, 118).clock).toBe('Closes in 3 s.');
    expect(view(play(round('vote', { state: 'closed' })), OWN, 118).clock).toBe('');
    expect(view(play(round('vote', { closes: null })), OWN, 118).clock).toBe('');
  });

  it('says that it waits for a presenter who is away', () => {
    expect(view(play(round('vote', { away: true })), OWN, 101).text).toContain(
      'Waiting for the presenter.',
    );
  });

  it('YOU DID IT, if its machine was chosen', () => {
    const told = play(round('vote', { state: 'executed', chosen: 'node3' }), { outage: outage() });
    expect(view(told, VOTED, 105)).toMatchObject({ name: 'doing', big: 'YOU\nDID IT', mine: true });
    expect(view(told, { ...VOTED, voted: 'node1' }, 105)).toMatchObject({
      big: 'node3',
      under: 'was chosen',
      mine: false,
    });
  });

  it.each([
    [1, 11, 'Fastest of 11.'],
    [11, 11, 'Slowest of 11.'],
    [4, 11, 'Number 4 of 11.'],
    [1, 1, 'The first one so far.'],
  ])('the result stands there as text: rank %d of %d', (place, runs, text) => {
    const done = outage({ recovery_seconds: 21.42, outcome: 'recovered', rank: place, runs });
    const told = play(round('vote', { state: 'revealed', chosen: 'node3' }), { outage: done });
    const shown = view(told, VOTED, 200);
    expect(shown).toMatchObject({ name: 'result', big: '21.4', unit: 's', mine: true });
    expect(shown.text).toBe(`You killed node3. It took Kubernetes 21.4 s to recover. ${text}`);
  });

  it('an outage without a time has a word instead', () => {
    const ended = outage({ outcome: 'unnoticed' });
    const told = play(round('vote', { chosen: 'node3' }), { outage: ended });
    expect(view(told, OWN, 200)).toMatchObject({ name: 'result', big: 'Unnoticed' });
  });

  it('a vote for an earlier round is none for this one', () => {
    expect(view(play(round('vote', { id: 'r2' })), VOTED, 101).name).toBe('open');
  });

  it('does not offer a machine that cannot be cut, even if it was chosen before', () => {
    const told = play(round('vote', { barred: { node2: 'not Ready' } }));
    expect(view(told, { ...OWN, choice: 'node2' }, 101).big).toBe('Choose');
    expect(view(told, { ...OWN, choice: 'node3' }, 101).big).toBe('VOTE');
  });
});

describe('a raffle and a queue', () => {
  const shown = (mode: Mode, own: Own, changes: Partial<Round>, more: Partial<Play> = {}) =>
    view(play(round(mode, changes), more), own, 101);

  it('offers a ticket, once', () => {
    expect(shown('raffle', OWN, {})).toMatchObject({ act: 'enter', big: 'I’M IN' });
    expect(shown('queue', OWN, { waiting: 7 })).toMatchObject({ act: 'enter', big: 'LINE UP' });
    expect(shown('raffle', SEATED, {})).toMatchObject({ act: null, big: '3', unit: '' });
    expect(shown('raffle', OWN, { state: 'closed' }).text).toContain('You are not in this round.');
    expect(shown('queue', OWN, { state: 'over' }).text).toContain('You did not line up.');
  });

  it('whoever has the button sees it with the time that is left', () => {
    const mine = shown('raffle', SEATED, { state: 'closed', turn: turn(3) });
    expect(mine).toMatchObject({ name: 'turn', act: 'press', mine: true, leave: 'Pass it on' });
    expect(mine.text).toContain('You have the button!');
    expect(mine.clock).toBe('23 s left.');
    const other = shown('raffle', SEATED, { state: 'closed', turn: turn(2) });
    expect(other).toMatchObject({ name: 'closed', act: null });
    expect(other.text).toContain('Yours is 3.');
  });

  it('whoever pressed waits for the presenter, and then for Kubernetes', () => {
    const asking = turn(3, { stage: 'asking', machine: 'node2' });
    expect(shown('queue', SEATED, { called: 3, turn: asking })).toMatchObject({
      big: 'Pressed',
      under: 'node2',
      act: null,
    });
    const cut = turn(3, { stage: 'cut', machine: 'node2', outage: 'o' });
    const done = { called: 3, turn: cut, chosen: 'node2', outage: 'o' };
    expect(shown('queue', SEATED, done, { outage: outage() }).big).toBe('YOU\nDID IT');
  });

  it.each([
    ['vetoed', /presenter said no/],
    ['late', /did not press in time/],
    ['absent', /did not answer/],
    ['unanswered', /presenter did not answer/],
    ['refused', /A rule\./],
    ['left', /gave the button back/],
    ['aborted', /server stopped/],
  ] as const)('says how a turn ended: %s', (stage, text) => {
    const past = [turn(3, { stage, why: 'A rule.' })];
    const ended = shown('queue', SEATED, { called: 3, past });
    expect(ended.name).toBe('closed');
    expect(ended.text).toMatch(text);
  });

  it('counts who is before it, without those who left', () => {
    const nine: Own = { ...SEATED, ticket: 9 };
    const waits = { called: 4, entered: 12, gone: [6], turn: turn(4) };
    expect(shown('queue', nine, waits)).toMatchObject({ big: '4', under: 'people ahead of you' });
    const last = { called: 8, entered: 12, gone: [], turn: turn(8) };
    expect(shown('queue', nine, last)).toMatchObject({ big: '1', under: 'person ahead of you' });
    expect(shown('queue', nine, { ...last, turn: null })).toMatchObject({ big: 'NEXT' });
  });

  it('a place that was given up is none', () => {
    const gone: Own = { ...SEATED, withdrawn: true };
    for (const mode of ['raffle', 'queue'] as const)
      expect(shown(mode, gone, {}).text).toContain('You gave up your place.');
  });
});

describe('a bet', () => {
  const GUESSED: Own = { ...SEATED, guess: 12 };
  const best = [{ ticket: 3, tag: '', name: '', seconds: 12, off: 0.5 }];
  const bet = { low: 5, middle: 12, high: 60, best, offs: [0.5, 6, 48] };

  it('takes one number', () => {
    expect(view(play(round('bet')), OWN, 101)).toMatchObject({ act: 'guess', big: 'Guess' });
    const typed: Own = { ...OWN, typed: '12,5' };
    expect(view(play(round('bet')), typed, 101)).toMatchObject({ big: 'BET', under: '12,5 s' });
    expect(view(play(round('bet')), { ...OWN, typed: 'x' }, 101).big).toBe('Guess');
    expect(view(play(round('bet')), GUESSED, 101)).toMatchObject({ big: '12.0', unit: 's' });
  });

  it('tells how close the own guess was, and who won', () => {
    const told = play(round('bet', { state: 'revealed', seconds: 12.5, bet }));
    expect(view(told, GUESSED, 200)).toMatchObject({ name: 'result', big: '12.5', mine: true });
    expect(view(told, GUESSED, 200).text).toMatch(/^YOU WIN.*0\.5 s off: number 1 of 3\.$/);
    const other: Own = { ...SEATED, ticket: 1, guess: 18.5 };
    expect(view(told, other, 200).text).toMatch(/6\.0 s off: number 2 of 3\.$/);
    expect(view(told, OWN, 200).under).toBe('it took');
  });

  it('has no winner without a time', () => {
    const told = play(round('bet', { state: 'revealed', seconds: null }));
    expect(view(told, GUESSED, 200)).toMatchObject({ name: 'result', big: 'No time' });
  });

  it('above so many guesses it tells the share that was beaten', () => {
    const offs = Array.from({ length: 64 }, (_, at) => at);
    expect(rank(31.5, { ...bet, offs }, 2000)).toBe('closer than 50 % of 2000');
  });
});

it('a free press is offered again and again, and what it did is said', () => {
  const told = play(round('free', { closes: null }));
  expect(view(told, { ...OWN, choice: 'node1' }, 101)).toMatchObject({ act: 'press' });
  const past = [turn(3, { stage: 'cut', machine: 'node1', outage: 'o' })];
  const after = play(round('free', { closes: null, past, chosen: 'node1', outage: 'o' }));
  expect(view(after, SEATED, 101)).toMatchObject({ act: 'press' });
  expect(view(after, SEATED, 101).text).toBe('You did it: node1 lost its power.');
});

it('every kind of round has something to say in every state', () => {
  for (const mode of ['vote', 'raffle', 'queue', 'bet', 'free'] as const)
    for (const state of ['open', 'closed', 'executed', 'revealed', 'over', 'cancelled'] as const)
      for (const own of [OWN, VOTED, SEATED, { ...SEATED, guess: 12 }]) {
        const shown = view(play(round(mode, { state })), own, 101);
        expect(shown.text.length).toBeGreaterThan(5);
        expect(shown.big).not.toBe('');
      }
});

describe('a seat', () => {
  const counting = (bytes: Uint8Array) => bytes.map((_, index) => index);

  it('is made once and kept', () => {
    localStorage.clear();
    const made = seat(localStorage, counting);
    expect(made).toBe('000102030405060708090a0b0c0d0e0f');
    expect(seat(localStorage, () => expect.unreachable())).toBe(made);
  });

  it('is made anew if what was kept is none, and without any storage', () => {
    localStorage.setItem('seat', 'nonsense');
    expect(seat(localStorage, counting)).toMatch(/^[0-9a-f]{32}$/);
    expect(seat(null, counting)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('has a proof once the server has sent one, and none without storage', () => {
    localStorage.clear();
    expect(proof(localStorage)).toBeNull();
    keepProof(localStorage, 'p');
    expect(proof(localStorage)).toBe('p');
    keepProof(null, 'p');
    expect(proof(null)).toBeNull();
  });

  it('comes with the code of the address that was scanned', () => {
    expect(codeIn('?code=KTX4P')).toBe('KTX4P');
    expect(codeIn('')).toBeNull();
  });
});
