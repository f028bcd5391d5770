// The place of each pod and the flights, updated by each change of the board. Pure.
import type { Machine, Pod } from '../lib/types';
import { launches, type Flight, type Seat, type Seats } from './flights';
import { countsOnly } from './layout';
import { capacityFor, place, type Rack, type Seated } from './slots';

export interface Waiting {
  pod: Pod;
  /** Since when it has no machine, by the flights' clock. */
  since: number;
}

export interface Places {
  /** The slots of each node. */
  racks: ReadonlyMap<string, Rack>;
  /** Pods without a machine. */
  waiting: readonly Waiting[];
  /** How many slots each machine has. */
  capacity: number;
  /** Whether only the number of pods by workload is shown. */
  counts: boolean;
  epoch: number;
  seats: Seats;
  placed: ReadonlySet<string>;
}

export const NOWHERE: Places = {
  racks: new Map(),
  waiting: [],
  capacity: 4,
  counts: false,
  epoch: -1,
  seats: new Map(),
  placed: new Set(),
};

/** Seconds after which a pod without a machine is shown as waiting, and flies from there. Most get
 *  a machine at once and would only flicker. */
export const SEEN_WAITING = 0.4;

/** The factor of unneeded capacity above which all pods are placed again, in larger tiles. */
const ROOMY = 2;

const KEPT = 500; // lineages without a pod now, whose successors may still appear

/** The shown state, and its time by the flights' clock. */
export interface Shown {
  pods: readonly Pod[];
  machines: readonly Machine[];
  /** Changes with every snapshot: everything is placed again, and nothing flies. */
  epoch: number;
  at: number;
}

export function placed(before: Places, shown: Shown): { places: Places; flights: Flight[] } {
  const { epoch, at } = shown;
  const { byNode, homeless } = sorted(shown);
  const most = Math.max(0, ...[...byNode.values()].map((here) => here.length));
  const isNew = epoch !== before.epoch;
  const counts = countsOnly(most, isNew ? null : before.counts);
  const wanted = capacityFor(most, byNode.size);
  const isAnew = isNew || counts !== before.counts || before.capacity > ROOMY * wanted;
  const old = isAnew ? NOWHERE : before;
  const racks = new Map<string, Rack>();
  const seated: { pod: Pod; seat: Seat }[] = [];
  for (const [node, here] of byNode) {
    const rack = rackOf(old.racks.get(node), here, counts);
    racks.set(node, rack);
    const index = new Map(rack.map((slot, slotAt) => [slot.uid, slotAt]));
    for (const pod of here) {
      const slot = index.get(counts ? pod.workload : pod.uid) ?? 0;
      seated.push({ pod, seat: { uid: pod.uid, node, index: slot } });
    }
  }
  const fresh = isAnew ? [] : seated.filter(({ pod }) => !old.placed.has(pod.uid));
  const places: Places = {
    racks,
    waiting: queue(old.waiting, homeless, isNew ? -Infinity : at),
    capacity: capacity(old, racks, isAnew ? wanted : 0),
    counts,
    epoch,
    seats: remember(old.seats, seated),
    placed: new Set(seated.map(({ pod }) => pod.uid)),
  };
  return { places, flights: fresh.length > 0 ? launches(fresh, origins(old, at), at) : [] };
}

function sorted({ pods, machines }: Shown): { byNode: Map<string, Pod[]>; homeless: Pod[] } {
  const workers = machines.filter((machine) => !machine.control_plane);
  const byNode = new Map<string, Pod[]>(workers.map((machine) => [machine.node, []]));
  const homeless: Pod[] = [];
  for (const pod of pods) {
    if (pod.state === 'finished') continue;
    if (pod.node === null) homeless.push(pod);
    else if (byNode.has(pod.node)) byNode.get(pod.node)!.push(pod);
    else byNode.set(pod.node, [pod]);
  }
  return { byNode, homeless };
}

function rackOf(before: Rack | undefined, pods: readonly Pod[], counts: boolean): Rack {
  const ordered = before === undefined ? [...pods].sort(inOrder) : pods;
  return place(before ?? [], counts ? workloads(ordered) : ordered);
}

/** Order pods by workload, DaemonSets last. */
function inOrder(a: Pod, b: Pod): number {
  const daemon = (pod: Pod) => Number(pod.workload.startsWith('DaemonSet/'));
  return daemon(a) - daemon(b) || compare(a.app, b.app) || compare(a.name, b.name);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function workloads(pods: readonly Pod[]): Seated[] {
  const names = [...new Set(pods.map((pod) => pod.workload))];
  return names.map((name) => ({ uid: name, lineage: name }));
}

function queue(before: readonly Waiting[], homeless: readonly Pod[], at: number): Waiting[] {
  const since = new Map(before.map((one) => [one.pod.uid, one.since]));
  return homeless.map((pod) => ({ pod, since: since.get(pod.uid) ?? at }));
}

function capacity(old: Places, racks: ReadonlyMap<string, Rack>, wanted: number): number {
  const longest = Math.max(0, ...[...racks.values()].map((rack) => rack.length));
  if (wanted > 0) return Math.max(wanted, longest);
  return longest > old.capacity ? longest + 1 : old.capacity;
}

/** The last place of each lineage; a pod shown as waiting starts from there instead. */
function origins(old: Places, at: number): Seats {
  const seats = new Map(old.seats);
  old.waiting.forEach(({ pod, since }, index) => {
    if (at - since >= SEEN_WAITING) seats.set(pod.lineage, { uid: '', node: '', index });
  });
  return seats;
}

function remember(before: Seats, seated: readonly { pod: Pod; seat: Seat }[]): Seats {
  const seats = new Map([...before].slice(-(seated.length + KEPT)));
  for (const { pod, seat } of seated) {
    if (pod.state === 'terminating' && seats.has(pod.lineage)) continue;
    seats.delete(pod.lineage); // move it to the end, as the latest
    seats.set(pod.lineage, seat);
  }
  return seats;
}
