// The demo's table: which plugs were pulled by hand, and pulling them from the stage.
//
// The server's state does not show that, as on a real table. The stage polls the sockets once a second.
import { ask } from '../lib/request';
import type { FeedKind } from '../lib/types';
import type { Hands } from '../lib/machine-state';

export interface Bench {
  machines: Record<string, Record<FeedKind, { plugged: boolean }>>;
}

const LOOK = 1000; // ms between two polls
const STARTED = 60; // s after which a machine that has power again is no longer shown as starting

export class Table {
  hands: Readonly<Record<string, Hands>> = $state.raw({});
  #now: () => number;
  #reached = 0; // number of plugs pulled here; a poll that began before the last is outdated

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Poll repeatedly; returns a function that stops. */
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
      // the header shows that the server is disconnected; the sockets keep their last state
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
