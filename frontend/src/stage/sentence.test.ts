import { expect, test } from 'vitest';
import type { Cluster } from '../lib/types';
import { machine, off, outage, pod } from './fixtures';
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

const told = (headline: string, brief = '') => ({
  telling: { headline, brief, result: '', ending: '', lost: '', who: '' },
});

const cut = [machine('n1', { power: off() }), machine('n2')];

test.each<[string, Seen]>([
  ['All 2 pods ready on 2 machines.', seen()],
  ['1 of 2 pods ready on 2 machines.', seen({ pods: [pod('a', 'n1'), pod('b', null)] })],
  ['All machines are up, and no pod runs on them yet.', seen({ pods: [] })],
  ['No machines yet: add [[machine]] to lab.toml.', seen({ machines: [] })],
  ['Waiting for the server …', seen({ known: false })],
  ['Lost contact with the server. Showing its last known state.', seen({ connected: false })],
  [
    'Lost contact with the cluster. Showing its last known state.',
    seen({ cluster: { stale_since: 1, why: 'watch pods: the connection broke' } as Cluster }),
  ],
  [
    'n1 has no power. Kubernetes has not noticed yet.',
    seen({
      machines: cut,
      current: outage('n1', told('n1 has no power. Kubernetes has not noticed yet.')),
    }),
  ],
  [
    "n1's power cable was pulled. Kubernetes does not know yet.",
    seen({}, { n1: { power: true, network: false, back: null } }),
  ],
  [
    "n1's power cable was pulled. Kubernetes does not know yet.",
    seen(
      { current: outage('n1', { origin: 'observed', ...told('n1 fell silent.') }) },
      { n1: { power: true, network: false, back: null } },
    ),
  ],
  [
    'Kubernetes noticed n1.',
    seen(
      {
        current: outage('n1', {
          origin: 'observed',
          phase: 'evict',
          ...told('Kubernetes noticed n1.'),
        }),
      },
      { n1: { power: true, network: false, back: null } },
    ),
  ],
  [
    'This is not the same cluster as before. Reading it again …',
    seen({ cluster: { stale_since: 1, why: 'The cluster went back in time: x' } as Cluster }),
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

test('of two outages each is told, the older ones in brief', () => {
  const one = outage('n1', { id: 'n1', ...told('…', 'n1 recovered in 12.4 s.') });
  const two = outage('n2', { id: 'n2', ...told('n2 has no power.') });
  const three = outage('n3', { id: 'n3', ...told('n3 has no power.') });
  const all = { ...seen({ current: two }), open: [one, two, three] };
  expect(sentence(all)).toBe('n1 recovered in 12.4 s. n2 has no power.');
});
