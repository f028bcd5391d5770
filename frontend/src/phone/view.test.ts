import { describe, expect, it } from 'vitest';
import type { Play } from '../lib/types';
import { seat } from './seat';
import { standings, view, type Own } from './view';

const OWN: Own = { round: null, voted: null, choice: null, sending: false, trouble: '' };
const VOTED: Own = { ...OWN, round: 'r1', voted: 'node3' };

function play(round: Partial<NonNullable<Play['round']>> | null, more: Partial<Play> = {}): Play {
  const open = {
    id: 'r1',
    state: 'open' as const,
    opened: 100,
    closes: 130,
    tally: { node1: 1, node2: 0, node3: 2 },
    ballots: 3,
    leaders: ['node3'],
    chosen: null,
    outage: null,
  };
  return {
    type: 'play',
    seq: 1,
    at: 100,
    title: 'Pull the plug',
    round: round && { ...open, ...round },
    up: ['node1', 'node3'],
    feed: 'power',
    phones: 70,
    speed: 1,
    outage: null,
    ...more,
  };
}
const outage = (more: Partial<NonNullable<Play['outage']>> = {}): Play['outage'] => ({
  machine: 'node3',
  feed: 'power',
  phase: 'detect',
  recovery_seconds: null,
  outcome: null,
  text: '',
  rank: null,
  runs: 0,
  ...more,
});

describe('what a phone shows', () => {
  it.each<[string, Play | null, Own, number, string, RegExp]>([
    ['before the server speaks', null, OWN, 0, 'connecting', /Looking/],
    ['without a round', play(null), OWN, 100, 'waiting', /opens the next round.*69 more/],
    ['an open round', play({}), OWN, 118, 'open', /leads with 2 of 3 votes.*12 s/],
    [
      'while it sends',
      play({}),
      { ...OWN, choice: 'node1', sending: true },
      101,
      'sending',
      /node1/,
    ],
    ['its vote is in', play({}), VOTED, 101, 'sent', /node3 leads/],
    ['time is up', play({}), OWN, 130, 'closed', /did not vote.*decides/],
    ['closed by hand', play({ state: 'closed' }), VOTED, 101, 'closed', /You chose node3/],
  ])('%s', (_, told, own, now, name, text) => {
    const shown = view(told, own, now);
    expect(shown.name).toBe(name);
    expect(shown.text).toMatch(text);
  });

  it('YOU DID IT, if its machine was chosen', () => {
    const told = play({ state: 'executed', chosen: 'node3' }, { outage: outage() });
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
  ])('the result stands there as text: rank %d of %d', (rank, runs, text) => {
    const done = outage({ recovery_seconds: 21.42, outcome: 'recovered', rank, runs });
    const shown = view(play({ state: 'revealed', chosen: 'node3' }, { outage: done }), VOTED, 200);
    expect(shown).toMatchObject({ name: 'result', big: '21.4', mine: true });
    expect(shown.text).toBe(`You killed node3 — recovered in 21.4 s. ${text}`);
  });

  it('an outage without a time has a word instead', () => {
    const told = play({ chosen: 'node3' }, { outage: outage({ outcome: 'unnoticed' }) });
    expect(view(told, OWN, 200)).toMatchObject({ name: 'result', big: 'Unnoticed' });
  });

  it('a vote for an earlier round is none for this one', () => {
    expect(view(play({ id: 'r2' }), VOTED, 101).name).toBe('open');
  });

  it('does not offer a machine that is down, even if it was chosen before', () => {
    expect(view(play({}), { ...OWN, choice: 'node2' }, 101).big).toBe('Choose');
    expect(view(play({}), { ...OWN, choice: 'node3' }, 101).big).toBe('PULL\nTHE PLUG');
  });

  it('tells who leads, and how the own choice stands', () => {
    expect(standings(play({}), 'node1')).toBe('node3 leads with 2 of 3 votes. Yours has 1.');
    expect(standings(play({ leaders: ['node1', 'node3'] }))).toMatch(/^A tie/);
    expect(standings(play({ leaders: [] }))).toBe('Nobody has voted yet.');
  });
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
});
