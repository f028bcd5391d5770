// Several tabs of one browser are one seat: what one of them did, the others are told. Where the browser cannot
// do that, they learn it when they connect again.
import type { Joined } from '../lib/types';

export class Tabs {
  #channel: BroadcastChannel | null = null;

  constructor(heard: (joined: Joined) => void) {
    if (typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel('seat');
    this.#channel.onmessage = (event) => heard(event.data as Joined);
  }

  tell(joined: Joined): void {
    this.#channel?.postMessage(joined);
  }

  end(): void {
    this.#channel?.close();
  }
}
