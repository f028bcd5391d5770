// The sentence about what is happening. The server writes the one about an outage; this page adds what
// only it knows: whether the server is connected, and which pretend cables were pulled. It has no countdown:
// it changes only when something happens, so that a screen reader may read every change.
import type { Cluster, Machine, Outage, Pod } from '../lib/types';
import type { Truth } from '../lib/machine-state';
import { count } from './phases';

export interface Seen {
  connected: boolean;
  known: boolean;
  cluster: Cluster | undefined;
  machines: readonly Machine[];
  pods: readonly Pod[];
  /** The outages under way. */
  open: readonly Outage[];
  current: Outage | undefined;
  truths: ReadonlyMap<string, Truth>;
}

export function sentence(seen: Seen): string {
  const { cluster, machines, current } = seen;
  if (!seen.known) return 'Waiting for the server …';
  if (!seen.connected) return 'Lost contact with the server. Showing its last known state.';
  if (cluster?.stale_since != null && /back in time|another cluster/.test(cluster.why))
    return 'This is not the same cluster as before. Reading it again …';
  if (cluster?.stale_since != null)
    return 'Lost contact with the cluster. Showing its last known state.';
  if (machines.length === 0) return 'No machines yet: add [[machine]] to lab.toml.';
  const byHand = machines.find((machine) => isHandsWork(machine, seen));
  if (byHand !== undefined) return handsWork(byHand, seen.truths.get(byHand.name)!);
  if (current?.open) {
    const others = seen.open.filter((one) => one !== current && one.telling.brief !== '');
    return [...others.map((one) => one.telling.brief), during(current, seen)].join(' ');
  }
  const stuck = machines.find((machine) => seen.truths.get(machine.name)?.trouble);
  if (stuck !== undefined)
    return `${stuck.name}'s plug is stuck: ${seen.truths.get(stuck.name)!.trouble}`;
  return calm(seen);
}

/** Whether its cable was pulled by hand and no outage covers that yet. */
function isHandsWork(machine: Machine, seen: Seen): boolean {
  const truth = seen.truths.get(machine.name);
  const told = seen.open.some((outage) => outage.machine === machine.name);
  return !told && truth !== undefined && pulled(truth);
}

const pulled = (truth: Truth): boolean => truth.byHand.power || truth.byHand.network;
const whatWasPulled = (truth: Truth): string =>
  truth.byHand.power ? 'power cable' : 'network cable';

function handsWork(machine: Machine, truth: Truth): string {
  const cable = whatWasPulled(truth);
  if (machine.ready === 'True')
    return `${machine.name}'s ${cable} was pulled. Kubernetes does not know yet.`;
  return `${machine.name}'s ${cable} was pulled by hand.`;
}

function during(outage: Outage, seen: Seen): string {
  const truth = seen.truths.get(outage.machine);
  const noticed = outage.phase !== 'detect' || outage.milestones['restored'] !== undefined;
  if (!noticed && outage.origin === 'observed' && truth && pulled(truth))
    return `${outage.machine}'s ${whatWasPulled(truth)} was pulled. Kubernetes does not know yet.`;
  return outage.telling.headline;
}

function calm(seen: Seen): string {
  const { machines, pods } = seen;
  const workers = machines.filter((machine) => !machine.control_plane);
  const lost = workers.filter((machine) => machine.ready !== 'True');
  const behind = lost.find((machine) => machine.clock);
  if (behind !== undefined) return behind.clock;
  if (lost.length > 0)
    return `Kubernetes does not hear from ${lost.map((machine) => machine.name).join(', ')} (NotReady). No outage is being measured.`;
  const counted = pods.filter((pod) => pod.state !== 'finished' && pod.state !== 'terminating');
  if (counted.length === 0) return 'All machines are up, and no pod runs on them yet.';
  const ready = counted.filter((pod) => pod.state === 'ready').length;
  const on = `on ${count(workers.length || machines.length, 'machine', 'machines')}`;
  if (ready < counted.length) return `${ready} of ${counted.length} pods ready ${on}.`;
  return `All ${ready} pods ready ${on}.`;
}
