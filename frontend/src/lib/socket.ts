// One websocket that comes back by itself: after a pause that grows and varies, and at once when the
// page is seen again or the network returns. What it says is only ever listened to: a kill is never
// repeated by a reconnect, because no kill goes this way.

export interface Ears {
  opened(): void;
  heard(message: string): void;
  closed(): void;
}

const SHORTEST = 300;
const LONGEST = 5000;

export class Socket {
  #url: string;
  #ears: Ears;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #ended = false;

  constructor(path: string, ears: Ears) {
    this.#url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
    this.#ears = ears;
    document.addEventListener('visibilitychange', this.#soon);
    addEventListener('online', this.#soon);
    this.#connect();
  }

  say(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#soon);
    removeEventListener('online', this.#soon);
    this.#socket?.close();
  }

  #soon = (): void => {
    if (document.visibilityState === 'visible' && this.#socket === null && !this.#ended) {
      clearTimeout(this.#timer);
      this.#connect();
    }
  };

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.#ears.opened();
    };
    socket.onmessage = (event) => this.#ears.heard(String(event.data));
    socket.onclose = () => {
      if (this.#ended) return;
      this.#socket = null;
      this.#ears.closed();
      const pause = Math.min(LONGEST, SHORTEST * 2 ** this.#failures++);
      this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
    };
  }
}
