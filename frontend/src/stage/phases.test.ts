import { describe, expect, test } from 'vitest';
import type { Cluster } from '../lib/types';
import { displaced, outage } from './fixtures';
import { clock, fitting, notes, rows, stopwatch } from './phases';

const cluster = { notices_after: 8 } as Cluster;
const texts = (...asked: Parameters<typeof notes>) => notes(...asked).map((note) => note.text);

test('the phases before the current one are done, those after it to do', () => {
  const one = outage('n1', { phases: { detect: 7, evict: 2 }, phase: 'reschedule' });
  expect(rows(one, 110).map((row) => [row.state, row.seconds])).toEqual([
    ['done', 7],
    ['done', 2],
    ['now', 1],
    ['todo', null],
  ]);
});

test('a phase that never came is skipped once all is over', () => {
  const one = outage('n1', { phase: null, outcome: 'unnoticed', open: false });
  expect(rows(one, 110).every((row) => row.state === 'skipped')).toBe(true);
});

test('a phase that may have been shorter is marked', () => {
  const one = outage('n1', { phases: { ready: 23.5 }, phases_at_least: { ready: 0 } });
  expect(rows(one, 200).map((row) => row.atMost)).toEqual([false, false, false, true]);
});

test('the stopwatch runs, and stops at the recovery time', () => {
  expect(stopwatch(undefined, 0).state).toBe('idle');
  expect(stopwatch(outage('n1'), 105)).toMatchObject({ state: 'running', seconds: 5 });
  const done = outage('n1', { phase: null, recovery_seconds: 12.4 });
  expect(stopwatch(done, 200)).toMatchObject({ state: 'done', seconds: 12.4, atMost: false });
  const seen = outage('n1', { ...done, recovery_at_least: 8 });
  expect(stopwatch(seen, 200).atMost).toBe(true);
});

test('the stopwatch is never behind the phases that have ended', () => {
  const one = outage('n1', { phase: 'evict', phases: { detect: 8.2 } });
  expect(stopwatch(one, 108.1).seconds).toBe(8.2);
});

test('seconds are written with tenths, minutes without', () => {
  expect(clock(13.24)).toEqual({ value: '13.2', unit: 's' });
  expect(clock(99.96)).toEqual({ value: '1:39', unit: '' });
  expect(clock(127)).toEqual({ value: '2:07', unit: '' });
});

describe('beside the stopwatch it says', () => {
  test('when Kubernetes gives the machine up', () => {
    expect(notes(outage('n1'), cluster, 103)[0]).toMatchObject({ seconds: 5 });
    expect(texts(outage('n1'), cluster, 109)[0]).toContain('any moment');
  });

  test('when the next pod is evicted', () => {
    const pods = [displaced('a', { evicts_at: 400 }), displaced('b', { evicts_at: 350 })];
    const one = outage('n1', { phase: 'evict', pods });
    expect(notes(one, cluster, 136)[0]).toMatchObject({ seconds: 214 });
  });

  test('why nothing is evicted', () => {
    const one = outage('n1', { phase: 'evict', held: 'one node every 10 s' });
    expect(texts(one, cluster, 120)[0]).toContain('one node every 10 s');
  });

  test('how little an observed recovery may have taken', () => {
    const one = outage('n1', {
      origin: 'observed',
      t0_within: 2,
      recovery_seconds: 13.6,
      recovery_at_least: 11.6,
      phase: null,
    });
    expect(texts(one, cluster, 200)[0]).toContain('At least 11.6 s');
  });

  test('between what a recovery took if the server did not run meanwhile', () => {
    const one = outage('n1', {
      recovery_seconds: 20.13,
      recovery_at_least: 8,
      blind: 12.1,
      phase: null,
    });
    expect(texts(one, cluster, 200)).toEqual([
      'No contact with the cluster for 12.1 s: it took 8.0 to 20.1 s',
    ]);
  });

  test('what still waits for the machine itself', () => {
    const pods = [displaced('a', { fate: 'waits' })];
    const one = outage('n1', {
      phases: { detect: 1, evict: 1 },
      phase: null,
      recovery_seconds: 9,
      pods,
    });
    expect(texts(one, cluster, 200).join()).toContain('1 pod waits for n1');
  });

  test('what belongs to the machine, until it is back', () => {
    const pods = [
      displaced('a', { fate: 'waits' }),
      displaced('b', { fate: 'stays', workload: 'DaemonSet/b' }),
    ];
    const more = { phases: { detect: 1, evict: 1 }, phase: null, recovery_seconds: 9, pods };
    expect(texts(outage('n1', more), cluster, 200)).toContain(
      '1 pod waits for n1, 1 pod belongs to it (DaemonSet)',
    );
    const back = outage('n1', { ...more, milestones: { rejoined: 70 } });
    expect(texts(back, cluster, 200)).toContain('1 pod waits for n1');
  });

  test('that only Kubernetes decides when it notices and evicts', () => {
    const detect = texts(outage('n1', { phase: 'detect' }), cluster, 101).join();
    expect(detect).toContain('Kubernetes should notice (NotReady) in about');
    const pods = [displaced('a', { evicts_at: 400 })];
    const evict = texts(outage('n1', { phase: 'evict', pods }), cluster, 136);
    expect(evict).toContain('Kubernetes should evict its pods in about');
  });

  test.each(['unnoticed', 'incomplete', 'aborted'] as const)('what %s means', (outcome) => {
    const one = outage('n1', { outcome, phase: null, open: false });
    expect(texts(one, cluster, 200)[0]).not.toBe('');
  });
});

test('notes that have no room are left out, the first ones stay', () => {
  const told = ['x'.repeat(60), 'y'.repeat(60), 'z'].map((text) => ({ text }));
  expect(fitting(told, 4).map(({ text }) => text[0])).toEqual(['x', 'y']);
});

test('a run in which nothing can move is said to be kept apart', () => {
  const one = outage('n1', { pods: [displaced('db', { fate: 'waits' })] });
  expect(texts(one, cluster, 110)).toContain(
    'None of its pods can move: not counted in best and median',
  );
  const moving = outage('n1', { pods: [displaced('a')] });
  expect(texts(moving, cluster, 110).join()).not.toContain('can move');
});
