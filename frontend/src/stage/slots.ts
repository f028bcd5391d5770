// A pod never moves within its machine: it keeps its slot, and an empty slot is reused.

export interface Slot {
  /** The pod in this slot; null if it is empty. */
  readonly uid: string | null;
  /** The lineage of the current or last pod; its successor gets the same slot. */
  readonly lineage: string;
}

export type Rack = readonly Slot[];

export interface Seated {
  uid: string;
  lineage: string;
}

/** Update a machine's rack; returns the same array if nothing changed. */
export function place(rack: Rack, pods: readonly Seated[]): Rack {
  const here = new Map(pods.map((pod) => [pod.uid, pod]));
  let next: Slot[] | undefined;
  rack.forEach((slot, index) => {
    if (slot.uid === null) return;
    const pod = here.get(slot.uid);
    if (pod === undefined) {
      next ??= rack.slice();
      next[index] = { uid: null, lineage: slot.lineage };
    } else {
      here.delete(slot.uid);
      if (pod.lineage !== slot.lineage) {
        next ??= rack.slice();
        next[index] = { uid: pod.uid, lineage: pod.lineage };
      }
    }
  });
  for (const pod of here.values()) {
    next ??= rack.slice();
    const slot = { uid: pod.uid, lineage: pod.lineage };
    const index = holeFor(next, pod.lineage);
    if (index < 0) next.push(slot);
    else next[index] = slot;
  }
  return next ?? rack;
}

function holeFor(rack: Rack, lineage: string): number {
  const own = rack.findIndex((slot) => slot.uid === null && slot.lineage === lineage);
  return own >= 0 ? own : rack.findIndex((slot) => slot.uid === null);
}

/** How many slots each machine needs: when one machine is lost, the others take its pods. */
export function capacityFor(most: number, machines: number): number {
  return Math.max(4, most + Math.ceil(most / Math.max(1, machines - 1)));
}
