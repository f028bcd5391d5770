// A machine's slots as tiles. An unchanged tile is the same object and is not redrawn.
import type { Pod } from '../lib/types';
import type { Rack } from './slots';
import { lookOf, type Look, type Truth } from '../lib/machine-state';

export interface Tile {
  uid: string;
  label: string;
  look: Look | 'hole';
}

export function tilesOf(
  rack: Rack,
  pods: Readonly<Record<string, Pod>>,
  truth: Truth | undefined,
  before: readonly Tile[],
): Tile[] {
  return rack.map((slot, index) => {
    const pod = slot.uid === null ? undefined : pods[slot.uid];
    const look = pod === undefined ? 'hole' : lookOf(pod, truth);
    const uid = pod?.uid ?? '';
    const label = pod === undefined ? '' : pod.app || pod.name;
    const last = before[index];
    if (last?.uid === uid && last.look === look && last.label === label) return last;
    return { uid, label, look };
  });
}

export interface Count {
  workload: string;
  label: string;
  ready: number;
  total: number;
  look: Look | 'hole';
}

/** A machine's pods by workload, when there are too many to draw. */
export function countsOf(rack: Rack, pods: readonly Pod[], truth: Truth | undefined): Count[] {
  const counts = rack.map<Count>((slot) => ({
    workload: slot.lineage,
    label: slot.lineage.split('/').at(-1) || 'bare pods',
    ready: 0,
    total: 0,
    look: 'hole',
  }));
  const index = new Map(rack.map((slot, at) => [slot.lineage, at]));
  for (const pod of pods) {
    const count = counts[index.get(pod.workload) ?? -1];
    if (count === undefined) continue;
    const look = lookOf(pod, truth);
    if (look !== 'ghost') count.total += 1;
    if (look === 'ready' || look === 'cutoff') count.ready += 1;
    count.look = worse(count.look, look);
  }
  return counts;
}

const GRAVITY: readonly (Look | 'hole')[] = [
  'hole',
  'ghost',
  'ready',
  'orphan',
  'cutoff',
  'pending',
  'starting',
  'lost',
];

const worse = (a: Look | 'hole', b: Look | 'hole'): Look | 'hole' =>
  GRAVITY.indexOf(a) >= GRAVITY.indexOf(b) ? a : b;
