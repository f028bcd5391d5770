// Flights: of pods that replace one on another machine. Pure.
import type { Pod } from '../lib/types';

/** A place: a slot of a machine. */
export interface Seat {
  uid: string;
  node: string;
  index: number;
}

export interface Flight {
  key: string;
  uid: string;
  label: string;
  from: Seat;
  to: Seat;
  /** When the pod arrived, in seconds of the flights' clock. */
  at: number;
  /** Seconds before it starts, so that several do not start at once. */
  delay: number;
}

export const DURATION = 0.9; // s in the air
const STAGGER = 0.06; // s between two flights of one change …
const LATEST = 0.6; // … of which the last starts no later than this

const MOST = 120; // flights of one change; no viewer can follow more

/** The last place of each lineage: where its work was done. */
export type Seats = ReadonlyMap<string, Seat>;

/** The flights of pods that were not placed before. */
export function launches(
  placed: readonly { pod: Pod; seat: Seat }[],
  before: Seats,
  at: number,
): Flight[] {
  const flights: Flight[] = [];
  const ways = new Set<string>();
  for (const { pod, seat } of placed) {
    const from = before.get(pod.lineage);
    if (from === undefined || from.uid === pod.uid || from.node === seat.node) continue;
    if (pod.state === 'terminating') continue;
    const way = `${from.node}/${from.index} ${seat.node}/${seat.index}`;
    if (ways.has(way) || flights.length >= MOST) continue;
    ways.add(way);
    const delay = Math.min(LATEST, flights.length * STAGGER);
    flights.push({ key: `${pod.uid}`, uid: pod.uid, label: pod.app, from, to: seat, at, delay });
  }
  return flights;
}

export const landed = (flight: Flight, now: number): boolean =>
  now >= flight.at + flight.delay + DURATION;

/** The pods that are in the air. */
export const uidsOf = (flights: readonly Flight[]): ReadonlySet<string> =>
  new Set(flights.map((flight) => flight.uid));
