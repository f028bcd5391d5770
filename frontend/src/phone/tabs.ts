// Several tabs of one browser are one seat: a tab sends its actions to the others. Where the browser
// cannot do that, they are updated when they reconnect.
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
