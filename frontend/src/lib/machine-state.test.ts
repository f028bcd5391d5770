import { describe, expect, test } from 'vitest';
import { machine, off, on, outage, pod } from '../stage/fixtures';
import { lookOf, truthOf } from './machine-state';
import type { Cause, FeedState } from './types';

const pulled = { power: true, network: false, back: null };

describe('a machine without power', () => {
  const truth = truthOf(machine('n1', { power: off(200) }), [outage('n1')]);

  test('is dark, although Kubernetes still believes in it', () => {
    expect(truth).toMatchObject({ light: 'off', dark: true, deceived: true, restoreBy: 200 });
  });

  test('has lost its pods before anybody says so', () => {
    expect(lookOf(pod('a', 'n1'), truth)).toBe('lost');
  });

  test('shows what was given up as a ghost', () => {
    expect(lookOf(pod('a', 'n1', { state: 'terminating' }), truth)).toBe('ghost');
  });
});

describe('a machine without network', () => {
  const truth = truthOf(machine('n1', { network: off() }), [outage('n1', { feed: 'network' })]);

  test('has its light on', () => {
    expect(truth).toMatchObject({ light: 'on', dark: false, cutOff: true, deceived: true });
  });

  test('runs its pods on, those that were given up too', () => {
    expect(lookOf(pod('a', 'n1', { state: 'unreachable' }), truth)).toBe('cutoff');
    expect(lookOf(pod('a', 'n1', { state: 'terminating' }), truth)).toBe('orphan');
  });
});

test('a hand is seen in the socket only', () => {
  const truth = truthOf(machine('n1'), [], pulled);
  expect(truth).toMatchObject({ power: 'off', light: 'off', dark: true });
  expect(truth.byHand).toEqual({ power: true, network: false });
});

test('a machine that has power again starts until it has rejoined', () => {
  const milestones = { cut: 0, not_ready: 8, restored: 30 };
  const silent = machine('n1', { ready: 'Unknown' });
  const starting = truthOf(silent, [outage('n1', { milestones })]);
  expect(starting).toMatchObject({ light: 'starting', startingSince: 130, dark: true });
  const back = truthOf(machine('n1'), [
    outage('n1', { milestones: { ...milestones, rejoined: 50 } }),
  ]);
  expect(back).toMatchObject({ light: 'on', startingSince: null });
});

test('a plug put back by hand starts the machine, for a while', () => {
  const silent = machine('n1', { ready: 'Unknown' });
  const hands = { power: false, network: false, back: 100 };
  expect(truthOf(silent, [], hands, 110).light).toBe('starting');
  expect(truthOf(silent, [], hands, 300).light).toBe('unknown');
});

test('a silent machine of a real table is called unknown, not off', () => {
  expect(truthOf(machine('n1', { ready: 'Unknown' }), []).light).toBe('unknown');
});

describe('a machine with a sensor', () => {
  const seen = (sensed: FeedState, feed = on()) =>
    truthOf(machine('n1', { power: { ...feed, sensed, finding: 'It contradicts.' } }), []);

  test('is without power when the sensor says so, whatever its plug is', () => {
    expect(seen('off')).toMatchObject({ power: 'off', dark: true, finding: 'It contradicts.' });
  });

  test('has power when the sensor says so, whatever its plug is', () => {
    expect(seen('on', off())).toMatchObject({ power: 'on', dark: false });
  });

  test('is as its plug says when the sensor cannot tell', () => {
    expect(seen('unknown', off())).toMatchObject({ power: 'off', dark: true });
  });
});

describe('a plug', () => {
  const dark = () => ({ ...on(), sensed: 'off' as const, finding: 'No power arrives.' });
  const stands = (cause: Cause | null) =>
    truthOf(machine('n1', { power: dark() }), [
      outage('n1', { origin: 'observed', clocked: 'sensor', cause }),
    ]).plugs.power;

  test('that gives nothing because the supply is dead is in its socket', () => {
    expect(stands('supply')).toBe('dead');
    expect(stands(null)).toBe('dead');
  });

  test('that a hand pulled, or that was cut, is out', () => {
    expect(stands('hand')).toBe('out');
    expect(truthOf(machine('n1', { power: off() }), []).plugs).toEqual({
      power: 'out',
      network: 'in',
    });
    expect(truthOf(machine('n1'), [], pulled).plugs.power).toBe('out');
  });
});
