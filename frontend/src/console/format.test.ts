import { describe, expect, it } from 'vitest';
import type { Cluster, Outage } from '../lib/types';
import { entries } from './log';
import { elapsed, left, link, phases, reason, span, stampIn, unfinished, verdict } from './format';

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

type Lost = Outage['pods'][number];
const lost = (fate: Lost['fate'], more: Partial<Lost> = {}): Lost =>
  ({
    name: 'a',
    why: '',
    workload: 'DaemonSet/a',
    fate,
    resolved: null,
    successor: null,
    ...more,
  }) as Lost;
const missing = (pods: Lost[], milestones = {}) => outage({ pods, milestones });

describe('the pods that do not run again', () => {
  const all = [lost('moves'), lost('moves'), lost('waits'), lost('stays'), lost('lost')];

  it('are counted by what becomes of them, and none is left out', () => {
    expect(unfinished(missing(all))).toBe(
      'Not back yet: 2 pods that can move, 1 pod that must wait for node3. ' +
        '1 more belongs to node3 (DaemonSet). 1 more has no controller: gone for good.',
    );
  });

  it('are fewer once some run', () => {
    const some = [lost('moves', { resolved: 9 }), lost('moves'), lost('stays', { resolved: 9 })];
    expect(unfinished(missing(some))).toBe('Not back yet: 1 pod that can move.');
    expect(unfinished(missing([lost('waits')]))).toBe(
      'Not back yet: 1 pod that must wait for node3.',
    );
    expect(unfinished(missing([lost('stays')]))).toBe('');
  });

  it('are tied to their machine by a DaemonSet only if they are', () => {
    const tied = lost('stays', { workload: 'Node/node3' });
    expect(unfinished(missing([lost('moves'), tied]))).toContain('1 more belongs to node3.');
  });

  it('are only those that are awaited, once the machine is back', () => {
    expect(unfinished(missing(all, { rejoined: 70 }))).not.toContain('more');
  });

  it('have a reason if something holds a replacement up', () => {
    const why = 'cart-2 is Pending: 0/5 nodes are available';
    expect(reason(missing([lost('moves', { successor: 'cart-2', why })]))).toBe(`${why}.`);
    const starts = 'cart-2 is starting on node1';
    expect(reason(missing([lost('moves', { successor: 'cart-2', why: starts })]))).toBe('');
    expect(reason(missing([lost('waits', { why: 'its StatefulSet: waits' })]))).toBe('');
  });
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
