import { expect, test } from 'vitest';
import type { Cluster } from '../lib/types';
import { displaced, machine, off, outage, pod } from './fixtures';
import { sentence, type Seen } from './sentence';
import { truthOf, type Hands } from '../lib/machine-state';

function seen(changes: Partial<Seen> = {}, hands: Record<string, Hands> = {}): Seen {
  const machines = changes.machines ?? [machine('n1'), machine('n2')];
  const open = changes.current?.open ? [changes.current] : [];
  return {
    connected: true,
    known: true,
    cluster: { stale_since: null, why: '' } as Cluster,
    pods: [pod('a', 'n1'), pod('b', 'n2')],
    current: undefined,
    ...changes,
    open,
    machines,
    truths: new Map(machines.map((one) => [one.name, truthOf(one, open, hands[one.name])])),
  };
}

const cut = [machine('n1', { power: off() }), machine('n2')];

test.each<[string, Seen]>([
  ['All 2 pods ready on 2 machines.', seen()],
  ['1 of 2 pods ready on 2 machines.', seen({ pods: [pod('a', 'n1'), pod('b', null)] })],
  ['All machines are up, and no pod runs on them yet.', seen({ pods: [] })],
  ['There is no machine yet: add [[machine]] to lab.toml.', seen({ machines: [] })],
  ['Waiting for the server …', seen({ known: false })],
  ['The server does not answer. This is the last that was heard.', seen({ connected: false })],
  [
    'Nobody answers for the cluster. This is the last that was heard of it.',
    seen({ cluster: { stale_since: 1, why: 'watch pods: the connection broke' } as Cluster }),
  ],
  [
    'n1 has no power. Kubernetes has not noticed yet.',
    seen({ machines: cut, current: outage('n1') }),
  ],
  [
    'n1 is cut off, but runs on. Kubernetes has not noticed yet.',
    seen({ current: outage('n1', { feed: 'network' }) }),
  ],
  [
    'Recovered in 12.4 s: 1 pod runs elsewhere.',
    seen({
      current: outage('n1', {
        phase: null,
        recovery_seconds: 12.4,
        pods: [displaced('a', { successor: 'a2' }), displaced('b')],
      }),
    }),
  ],
  [
    'Recovered in 12.4 s: every pod that is wanted runs again.',
    seen({
      current: outage('n1', { phase: null, recovery_seconds: 12.4, pods: [displaced('b')] }),
    }),
  ],
  [
    "A hand pulled n1's plug. Kubernetes was not told.",
    seen({}, { n1: { power: true, network: false, back: null } }),
  ],
  [
    'n1 fell silent. Nobody here cut it: a hand, or a fault.',
    seen({ current: outage('n1', { origin: 'observed', feed: null }) }),
  ],
  [
    'n1 has lost its power. Nobody here cut it: a hand, or a loose cable.',
    seen({ current: outage('n1', { origin: 'observed', clocked: 'sensor', cause: 'hand' }) }),
  ],
  [
    'Kubernetes noticed n1, but holds the eviction back.',
    seen({ current: outage('n1', { phase: 'evict', held: 'x' }) }),
  ],
  [
    'This is not the cluster that it was. Reading it again …',
    seen({ cluster: { stale_since: 1, why: 'The cluster went back in time: x' } as Cluster }),
  ],
  [
    'Nothing on n1 can move: its pods wait for the machine itself.',
    seen({
      current: outage('n1', { phase: 'reschedule', pods: [displaced('db', { fate: 'waits' })] }),
    }),
  ],
  [
    "n1's pods run again after 35.2 s. Nothing on it could move.",
    seen({
      current: outage('n1', {
        phase: null,
        recovery_seconds: 35.2,
        pods: [displaced('db', { fate: 'waits' })],
      }),
    }),
  ],
  [
    'No machine has room for 2 pods.',
    seen({
      current: outage('n1', {
        phase: 'reschedule',
        pods: ['a', 'b'].map((name) =>
          displaced(name, { successor: `${name}2`, why: `${name}2 is Pending: 0/3 nodes` }),
        ),
      }),
    }),
  ],
  [
    'Recovered in 12.4 s. n1 is back, and nothing moves back to it by itself.',
    seen({
      current: outage('n1', {
        phase: null,
        recovery_seconds: 12.4,
        milestones: { cut: 0, recovered: 12.4, rejoined: 12.4 },
        pods: [displaced('a', { successor: 'a2' })],
      }),
    }),
  ],
  [
    'n1 lives, but its clock is 900 s behind.',
    seen({
      machines: [
        machine('n1', { ready: 'Unknown', clock: 'n1 lives, but its clock is 900 s behind.' }),
        machine('n2'),
      ],
    }),
  ],
])('%s', (text, board) => {
  expect(sentence(board)).toBe(text);
});

test('nothing in it counts seconds', () => {
  const one = outage('n1', { phase: 'evict', pods: [displaced('a', { evicts_at: 300 })] });
  expect(sentence(seen({ current: one }))).not.toMatch(/\d s\b/);
});

test('of two outages each is told with its time', () => {
  const [one, two] = ['n1', 'n2'].map((name, at) =>
    outage(name, {
      id: name,
      phase: null,
      recovery_seconds: 12.4 + at,
      pods: [displaced('a', { successor: 'a2' })],
    }),
  );
  const both = { ...seen({ current: two! }), open: [one!, two!] };
  expect(sentence(both)).toBe(
    'n1 recovered in 12.4 s. n2 recovered in 13.4 s: 1 pod runs elsewhere.',
  );
});
