import { describe, expect, it } from 'vitest';
import type { Feed, Machine, Outage, Pod } from '../lib/types';
import { truthOf } from '../lib/machine-state';
import { machine as named, on } from '../stage/fixtures';
import { barred, belief, podLook, standing, workloads } from './machines';

const feed = (more: Partial<Feed> = {}): Feed => ({ ...on(), ...more });
const machine = (more: Partial<Machine> = {}): Machine => named('node3', more);
const told = { lost: 'silent', who: 'Not cut by chaosmonkey: probably a pulled or loose cable.' };
const outage = (more: Partial<Outage>): Outage =>
  ({ open: true, origin: 'commanded', milestones: {}, telling: told, ...more }) as Outage;

describe('how a machine stands', () => {
  it.each<[string, Partial<Machine>, string, string]>([
    ['all is well', {}, 'up', 'up'],
    ['cut', { power: feed({ state: 'off', stage: 'cut', restore_by: 9 }) }, 'no power', 'down'],
    ['cut off', { network: feed({ state: 'off', stage: 'cut' }) }, 'no network', 'down'],
    ['being cut', { power: feed({ stage: 'cutting' }) }, 'cutting power', 'busy'],
    ['coming back', { power: feed({ stage: 'restoring' }) }, 'restoring power', 'busy'],
    ['stuck', { power: feed({ stage: 'stuck', trouble: 'no answer' }) }, 'power stuck', 'trouble'],
    ['unread', { power: feed({ state: 'unknown' }) }, 'plug unknown', 'trouble'],
    ['booting', { ready: 'Unknown' }, 'booting', 'busy'],
    ['unknown to Kubernetes', { ready: null }, 'no node', 'dim'],
  ])('%s', (_, more, word, tone) => {
    expect(standing(machine(more), undefined)).toMatchObject({ word, tone });
  });

  it('says when it comes back, and what is wrong when it does not', () => {
    const cut = machine({ power: feed({ state: 'off', stage: 'cut', restore_by: 42 }) });
    expect(standing(cut, undefined)).toMatchObject({ restoreBy: 42, off: true });
    const stuck = machine({ power: feed({ stage: 'stuck', trouble: 'no answer' }) });
    expect(standing(stuck, undefined)).toMatchObject({ note: 'no answer', off: true });
  });

  it('tells a machine that nobody here cut from one that boots', () => {
    const silent = machine({ ready: 'Unknown' });
    expect(standing(silent, outage({ origin: 'observed' })).word).toBe('silent');
    const back = outage({ origin: 'observed', milestones: { restored: 30 } });
    expect(standing(silent, back).word).toBe('booting');
  });

  it('is not up yet when it has power again, though Kubernetes never noticed that it was gone', () => {
    const back = outage({ feed: 'power', milestones: { restored: 3 } });
    const stands = standing(machine(), back);
    expect(stands.word).toBe('booting');
    expect(belief(machine(), stands).word).toBe('still Ready');
    const there = outage({ feed: 'power', milestones: { restored: 3, rejoined: 9 } });
    expect(standing(machine(), there).word).toBe('up');
  });

  it('offers to turn on what somebody else turned off', () => {
    const off = standing(machine({ power: feed({ state: 'off' }) }), undefined);
    expect(off).toMatchObject({ off: true, note: 'Turned off elsewhere.' });
  });
});

it('Kubernetes may be wrong: a dead machine is still Ready', () => {
  const dead = machine({ power: feed({ state: 'off', stage: 'cut' }) });
  expect(belief(dead, standing(dead, undefined)).word).toBe('still Ready');
  const known = machine({ ...dead, ready: 'Unknown' });
  expect(belief(known, standing(known, undefined)).word).toBe('NotReady');
});

describe('why a cut is not offered', () => {
  const refused = (word: string, until: number | null = null) =>
    machine({ power: feed({ refused: { rule: 'x', word, until } }) });

  it.each([
    ['', machine(), 'power', ''],
    ['Not Ready', refused('not Ready'), 'power', ''],
    ['HALT', refused('HALT'), 'power', ''],
    ['Wait 12 s: cooling down', refused('cooling down', 112), 'power', ''],
    ['', refused('cooling down', 100), 'power', ''],
    ['Not connected', refused('safe'), 'power', 'Not connected'],
    ['Has no network plug', machine({ network: null }), 'network', ''],
    ['Never cut: protected', machine({ guarded: 'protected' }), 'power', ''],
    ['Cutting …', machine({ power: feed({ stage: 'cutting' }) }), 'power', ''],
  ] as const)('%s', (text, one, kind, away) => {
    expect(barred(one, kind, away, 100)).toBe(text);
  });
});

it('workloads count what is to stay, not the leftovers', () => {
  const pod = (state: Pod['state']) =>
    ({ namespace: 'shop', workload: 'Deployment/cart', state }) as Pod;
  const [cart] = workloads([pod('ready'), pod('starting'), pod('terminating')]);
  expect(cart).toMatchObject({ name: 'cart', kind: 'Deployment', ready: 1 });
  expect(cart?.pods).toHaveLength(2);
});

describe('a pod', () => {
  const pod = (state: Pod['state']) => ({ node: 'node3', state }) as Pod;
  const cut = (kind: 'power' | 'network') =>
    truthOf(machine({ [kind]: feed({ state: 'off', stage: 'cut' }) }), [
      outage({ machine: 'node3', feed: kind }),
    ]);

  it('on a machine without network runs, though Kubernetes cannot reach it', () => {
    const truth = cut('network');
    for (const state of ['ready', 'unreachable'] as const)
      expect(podLook(pod(state), truth)).toMatchObject({ look: 'cutoff', icon: 'nonetwork' });
    expect(podLook(pod('terminating'), truth).look).toBe('orphan');
  });

  it('on a machine without power is lost, though Kubernetes still calls it ready', () => {
    const truth = cut('power');
    expect(podLook(pod('ready'), truth)).toMatchObject({
      look: 'lost',
      icon: 'bang',
      word: 'lost',
    });
    expect(podLook(pod('terminating'), truth)).toMatchObject({ look: 'ghost', icon: 'cross' });
    const works = workloads(
      [{ ...pod('ready'), namespace: 'shop', workload: 'Deployment/cart' }],
      new Map([['node3', truth]]),
    );
    expect(works[0]).toMatchObject({ ready: 0 });
  });

  it('counts for its workload only while its machine can be reached', () => {
    const cart = { ...pod('ready'), namespace: 'shop', workload: 'Deployment/cart' };
    const ready = (kind: 'power' | 'network') =>
      workloads([cart], new Map([['node3', cut(kind)]]))[0]?.ready;
    expect([ready('power'), ready('network')]).toEqual([0, 0]);
    expect(workloads([cart])[0]?.ready).toBe(1);
  });

  it.each(['ready', 'starting', 'pending', 'failed', 'finished'] as const)(
    'on a machine that lives is %s as Kubernetes says',
    (state) => {
      expect(podLook(pod(state), truthOf(machine(), [])).word).toBe(state);
    },
  );
});

it('a pod of a StatefulSet that is given up is missed until it is gone', () => {
  const pod = (state: Pod['state']) =>
    ({ namespace: 'shop', workload: 'StatefulSet/orders', state }) as Pod;
  const [orders] = workloads([pod('ready'), pod('terminating')]);
  expect(orders).toMatchObject({ ready: 1 });
  expect(orders?.pods).toHaveLength(2);
});

describe('a machine whose plug and sensor contradict each other', () => {
  const gone = { finding: 'No power arrives, though its plug is on.', sensed: 'off' } as const;

  it('says what does not arrive', () => {
    const dark = machine({ power: feed(gone) });
    expect(standing(dark, undefined)).toMatchObject({
      word: 'no power',
      tone: 'trouble',
      note: gone.finding,
      off: false,
    });
  });

  it('says who did it, if that is known', () => {
    const dark = machine({ power: feed(gone) });
    const lost = outage({ feed: 'power', cause: 'hand' });
    expect(standing(dark, lost).note).toBe(told.who);
  });

  it('does not take the cause of something else for its own', () => {
    const hand = { cause: 'hand' } as const;
    const dark = machine({ power: feed(gone) });
    expect(standing(dark, outage({ ...hand, feed: 'network' })).note).toBe(gone.finding);
    const welded = machine({ power: feed({ finding: 'A welded contact?', sensed: 'on' }) });
    expect(standing(welded, outage({ ...hand, feed: 'power' })).note).toBe('A welded contact?');
  });

  it('says what is still there', () => {
    const welded = machine({ power: feed({ finding: 'A welded contact?', sensed: 'on' }) });
    expect(standing(welded, undefined).word).toBe('power still on');
  });
});
