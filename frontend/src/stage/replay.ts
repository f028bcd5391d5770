// Show one time of a recorded run: apply all messages up to it, then stop the clock.
//
// A recording is a list, oldest first, of {t, message} (a message of the websocket) and {t, bench} (the
// sockets of the table); t is in seconds since the recording began.
import { flushSync } from 'svelte';
import type { Board } from '../lib/board.svelte';
import type { Delta, Snapshot } from '../lib/types';
import type { Scenery } from './flight-state.svelte';
import type { Bench, Table } from './pulled-plugs.svelte';

export interface Item {
  t: number;
  message?: Snapshot | Delta;
  bench?: Bench;
}

/** The recording and the time that a URL requests; null for the live stage. */
export function asked(address: Location): { run: string; t: number } | null {
  const query = new URLSearchParams(address.search);
  const run = query.get('run');
  if (run === null) return null;
  return { run, t: Number(query.get('t') ?? 'Infinity') || 0 };
}

export async function load(run: string, address: Location): Promise<Item[]> {
  const url = new URL(run, address.href);
  if (url.origin !== address.origin) throw new Error('Recordings from another site are not shown.');
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`There is no recording at ${url.pathname} (${answer.status}).`);
  return (await answer.json()) as Item[];
}

/** Apply everything up to a time; returns the time by the flights' clock. */
export function replay(
  items: readonly Item[],
  t: number,
  board: Board,
  scenery: Scenery,
  table: Table,
): number {
  const moment = Math.min(t, items.at(-1)?.t ?? 0);
  let start: number | undefined;
  for (const item of items) {
    if (item.t > moment) break;
    if (item.message !== undefined) {
      start ??= item.message.at - item.t;
      board.take(item.message);
      flushSync();
      const { pods, machines, epoch } = board;
      scenery.take({ pods, machines, epoch, at: item.t }, true);
    }
    board.hold((start ?? 0) + item.t);
    if (item.bench !== undefined) table.take(item.bench);
  }
  board.hold((start ?? 0) + moment);
  scenery.retire(moment);
  return moment;
}
