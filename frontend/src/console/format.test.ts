import { describe, expect, it } from 'vitest';
import type { Cluster, Outage } from '../lib/types';
import { entries } from './log';
import { elapsed, left, link, phases, span, stampIn, unfinished, verdict } from './format';

const outage = (more: Partial<Outage> = {}): Outage =>
  ({
    id: 'o1',
    machine: 'node3',
    feed: 'power',
    t0: 100,
    open: true,
    phases: {},
    phase: 'detect',
    recovery_seconds: null,
    outcome: null,
    story: [],
    ...more,
  }) as Outage;

it('the pods that are awaited are told with a reason', () => {
  const orders = { name: 'orders-4', why: 'its StatefulSet waits' };
  const cart = { name: 'cart-1', why: 'tolerates a lost machine for 2 s' };
  expect(unfinished([])).toBe('');
  expect(unfinished([orders])).toBe('orders-4 is not running again yet: its StatefulSet waits.');
  expect(unfinished([cart, orders])).toBe(
    '2 pods are not running again yet, such as cart-1: tolerates a lost machine for 2 s.',
  );
});

it.each([
  [0, '0 s'],
  [-3, '0 s'],
  [11.2, '12 s'],
  [59.5, '1:00'],
  [581, '9:41'],
])('%d seconds left: %s', (seconds, text) => {
  expect(left(seconds)).toBe(text);
});

it.each([
  [0, '0 s'],
  [2.5, '2.5 s'],
  [59, '59 s'],
  [600, '10 min'],
  [90, '1 min 30 s'],
])('a fixed length of %s s reads %s', (seconds, text) => {
  expect(span(seconds)).toBe(text);
});

it('phases that are under way count on from the end of the one before', () => {
  const shown = phases(outage({ phases: { detect: 7 }, phase: 'evict' }), 109.5);
  expect(shown.map(({ state }) => state)).toEqual(['done', 'now', 'todo', 'todo']);
  expect(shown[1]?.seconds).toBeCloseTo(2.5);
});

it('the watch stands still when the cluster has recovered', () => {
  expect(elapsed(outage(), 105)).toBe(5);
  expect(elapsed(outage({ recovery_seconds: 21.4, phase: null }), 900)).toBe(21.4);
  expect(elapsed(outage({ open: false, phase: null, outcome: 'unnoticed' }), 900)).toBeNull();
  expect(verdict(outage({ open: false, outcome: 'unnoticed' }))).toBe('unnoticed');
});

it('the watch is never behind the phases that have ended', () => {
  expect(elapsed(outage({ phases: { detect: 8.2 }, phase: 'evict' }), 108.1)).toBe(8.2);
});

describe('whether the page can be believed', () => {
  const cluster = { stale_since: 90, why: 'connection refused' } as Cluster;
  it.each([
    ['SIGNED OUT', true, false, cluster, true],
    ['CONNECTING', false, false, undefined],
    ['NOT CONNECTED', true, false, cluster],
    ['STALE', true, true, cluster],
    ['LIVE', true, true, { ...cluster, stale_since: null }],
  ] as [string, boolean, boolean, typeof cluster | undefined, boolean?][])(
    '%s',
    (word, known, connected, seen, signedOut = false) => {
      const found = link({ known, connected, signedOut, cluster: seen }, 100);
      expect(found.word).toBe(word);
      // Every problem comes with what to do.
      expect(found.remedy === '').toBe(word === 'LIVE');
    },
  );
});

it('the log has the newest first, with the remedy of what was refused', () => {
  const story = [
    { about: 'cut', at: 0, text: 'cut' },
    { about: 'not_ready', at: 7, text: 'noticed' },
  ];
  const refused = { id: 'x', at: 103, text: 'no', remedy: 'wait', kind: 'refused' as const };
  expect(entries([outage({ story })], [refused]).map(({ text }) => text)).toEqual([
    'noticed',
    'no',
    'cut',
  ]);
});

it('of lines with the same moment, the later one stands above in the log', () => {
  const story = [
    { about: 'recovered', at: 33.2, text: 'recovered' },
    { about: 'closed', at: 33.2, text: 'over' },
  ];
  expect(entries([outage({ story })], []).map(({ text }) => text)).toEqual(['over', 'recovered']);
});

it('stamps inside a sentence become times of day', () => {
  expect(stampIn('running since 2026-11-20T07:03:57Z')).toMatch(/^running since \d\d:\d\d:\d\d$/);
});
