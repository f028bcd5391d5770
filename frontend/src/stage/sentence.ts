// The one sentence that says in plain words what is going on. Nothing in it counts: it changes when
// something happened, so that a screen reader may read every one of them.
import { whoDid } from '../lib/cause';
import type { Cluster, Machine, Outage, Pod } from '../lib/types';
import { took } from '../lib/took';
import type { Truth } from '../lib/machine-state';
import { count, nothingMoves, short } from './phases';

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
  if (!seen.connected) return 'The server does not answer. This is the last that was heard.';
  if (cluster?.stale_since != null && /back in time|another cluster/.test(cluster.why))
    return 'This is not the cluster that it was. Reading it again …';
  if (cluster?.stale_since != null)
    return 'Nobody answers for the cluster. This is the last that was heard of it.';
  if (machines.length === 0) return 'There is no machine yet: add [[machine]] to lab.toml.';
  const pulled = machines.find((machine) => isHandsWork(machine, seen));
  if (pulled !== undefined) return byHand(pulled, seen.truths.get(pulled.name)!);
  if (current?.open)
    return [
      ...seen.open.filter((one) => one !== current).flatMap(inBrief),
      during(current, seen),
    ].join(' ');
  const stuck = machines.find((machine) => seen.truths.get(machine.name)?.trouble);
  if (stuck !== undefined)
    return `${stuck.name}'s plug is stuck: ${seen.truths.get(stuck.name)!.trouble}`;
  return calm(seen);
}

/** A hand was at its plug, and no outage tells of it yet. */
function isHandsWork(machine: Machine, seen: Seen): boolean {
  const truth = seen.truths.get(machine.name);
  const told = seen.open.some((outage) => outage.machine === machine.name);
  return !told && truth !== undefined && (truth.byHand.power || truth.byHand.network);
}

function byHand(machine: Machine, truth: Truth): string {
  const plug = truth.byHand.power ? 'plug' : 'network cable';
  if (machine.ready === 'True')
    return `A hand pulled ${machine.name}'s ${plug}. Kubernetes was not told.`;
  return `A hand pulled ${machine.name}'s ${plug}.`;
}

/** Another outage under way, once it has its time. */
function inBrief(outage: Outage): string[] {
  return outage.recovery_seconds === null
    ? []
    : [`${outage.machine} recovered in ${time(outage)}.`];
}

const time = (outage: Outage): string => `${took(outage, short)} s`;

/** Replacements that no machine takes. */
const homeless = (outage: Outage): number =>
  outage.pods.filter(
    (pod) =>
      pod.successor !== null && pod.successor_node === null && pod.why.includes(' is Pending: '),
  ).length;

function during(outage: Outage, seen: Seen): string {
  const name = outage.machine;
  const moving = outage.pods.filter((pod) => pod.fate === 'moves');
  const back = outage.milestones['restored'] !== undefined;
  if (outage.recovery_seconds !== null) return recovered(outage, back, seen.open.length > 1);
  if (outage.phase !== null && outage.phase !== 'detect') {
    if (nothingMoves(outage))
      return `Nothing on ${name} can move: its pods wait for the machine itself.`;
    if (homeless(outage) > 0)
      return `No machine has room for ${count(homeless(outage), 'pod', 'pods')}.`;
  }
  switch (outage.phase) {
    case 'detect':
      if (back)
        return `${name} has its ${outage.feed ?? 'power'} again. Kubernetes has not noticed anything yet.`;
      if (outage.origin === 'observed') return observed(outage, seen);
      if (outage.feed === 'network')
        return `${name} is cut off, but runs on. Kubernetes has not noticed yet.`;
      return `${name} has no power. Kubernetes has not noticed yet.`;
    case 'evict':
      if (outage.held) return `Kubernetes noticed ${name}, but holds the eviction back.`;
      return `Kubernetes noticed: ${name} is NotReady. Its pods may wait a little.`;
    case 'reschedule':
      return `Kubernetes gives up the pods on ${name} and makes new ones.`;
    case 'ready': {
      const missing = moving.filter((pod) => pod.resolved === null).length;
      return `${count(missing, 'replacement starts', 'replacements start')} on the machines that live.`;
    }
    default:
      if (outage.outcome === 'unnoticed') return `${name} was back before Kubernetes noticed.`;
      if (outage.outcome === 'aborted')
        return `${name}'s outage could not be measured to its end: ${outage.interrupted}.`;
      return `${name} is lost. No pod on it moves.`;
  }
}

function observed(outage: Outage, seen: Seen): string {
  const name = outage.machine;
  const hand = seen.truths.get(name)?.byHand;
  if (hand?.power || hand?.network)
    return `A hand pulled ${name}'s ${hand.power ? 'plug' : 'network cable'}. Kubernetes was not told.`;
  const lost = outage.clocked === 'sensor' ? `has lost its ${outage.feed}` : 'fell silent';
  return `${name} ${lost}. ${whoDid(outage)}`;
}

function recovered(outage: Outage, back: boolean, oneOfMany: boolean): string {
  const { machine, feed, milestones } = outage;
  if (nothingMoves(outage))
    return `${machine}'s pods run again after ${time(outage)}. Nothing on it could move.`;
  const told = `${oneOfMany ? `${machine} recovered` : 'Recovered'} in ${time(outage)}`;
  if (milestones['rejoined'] !== undefined)
    return `${told}. ${machine} is back, and nothing moves back to it by itself.`;
  if (back && feed !== 'network') return `${told}. ${machine} has power again, and starts.`;
  // Others came back by themselves, or are not wanted any more.
  const moved = outage.pods.filter((pod) => pod.fate === 'moves' && pod.successor !== null).length;
  const what =
    moved > 0
      ? `${count(moved, 'pod runs', 'pods run')} elsewhere`
      : 'every pod that is wanted runs again';
  return `${told}: ${what}.`;
}

function calm(seen: Seen): string {
  const { machines, pods } = seen;
  const workers = machines.filter((machine) => !machine.control_plane);
  const lost = workers.filter((machine) => machine.ready !== 'True');
  const behind = lost.find((machine) => machine.clock);
  if (behind !== undefined) return behind.clock;
  if (lost.length > 0)
    return `${lost.map((machine) => machine.name).join(', ')}: not Ready, and not measured here.`;
  const counted = pods.filter((pod) => pod.state !== 'finished' && pod.state !== 'terminating');
  if (counted.length === 0) return 'All machines are up, and no pod runs on them yet.';
  const ready = counted.filter((pod) => pod.state === 'ready').length;
  const on = `on ${count(workers.length || machines.length, 'machine', 'machines')}`;
  if (ready < counted.length) return `${ready} of ${counted.length} pods ready ${on}.`;
  return `All ${ready} pods ready ${on}.`;
}
