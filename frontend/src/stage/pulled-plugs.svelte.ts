// The demo's table: which sockets hands have emptied, and hands that reach for them.
//
// Nothing in the state tells of a hand, as on a real table. The stage looks at the sockets once a second.
import { ask } from '../lib/request';
import type { FeedKind } from '../lib/types';
import type { Hands } from '../lib/machine-state';

export interface Bench {
  machines: Record<string, Record<FeedKind, { plugged: boolean }>>;
}

const LOOK = 1000; // ms between two looks
const STARTED = 60; // s after which a machine that has power again is no longer said to start

export class Table {
  hands: Readonly<Record<string, Hands>> = $state.raw({});
  #now: () => number;
  #reached = 0; // how often a hand was here: a look that began before it saw the past

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Look again and again; returns how to stop. */
  watch(): () => void {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.look();
    }, LOOK);
    void this.look();
    return () => clearInterval(timer);
  }

  async look(): Promise<void> {
    const reached = this.#reached;
    try {
      const bench = await ask<Bench>('GET', '/bench');
      if (reached === this.#reached) this.take(bench);
    } catch {
      // the marker in the header says that the server is away; the sockets stay as last seen
    }
  }

  take(bench: Bench): void {
    for (const [name, { power, network }] of Object.entries(bench.machines))
      this.#set(name, { power: !power.plugged, network: !network.plugged });
  }

  /** Pull a plug by hand, or put it back. */
  async reach(machine: string, feed: FeedKind, plugged: boolean): Promise<void> {
    this.#reached += 1;
    await ask('PUT', `/bench/machines/${machine}/${feed}`, { plugged });
    this.#reached += 1;
    const before = this.hands[machine] ?? { power: false, network: false };
    this.#set(machine, { power: before.power, network: before.network, [feed]: !plugged });
  }

  #set(name: string, next: { power: boolean; network: boolean }): void {
    const before = this.hands[name];
    const now = this.#now();
    let back = before?.back ?? null;
    if (before?.power && !next.power) back = now;
    if (next.power || (back !== null && now - back > STARTED)) back = null;
    if (before?.power === next.power && before.network === next.network && before.back === back)
      return;
    this.hands = { ...this.hands, [name]: { ...next, back } };
  }
}
