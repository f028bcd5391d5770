// One websocket that comes back by itself: after a pause that grows and varies, and at once when the
// page is seen again or the network returns. What it says is only ever listened to: a kill is never
// repeated by a reconnect, because no kill goes this way.

export interface Ears {
  opened(): void;
  heard(message: string): void;
  /** With the moment of the last word, or attempt, by the clock of `performance`, in ms. */
  closed(heardAt: number): void;
}

// The server says something every 5 s at least. A connection that is silent for longer is dead, though a
// browser that lost its Wi-Fi believes in it for minutes.
const SILENCE = 12_000;
const SHORTEST = 300;
const LONGEST = 5000;

export class Socket {
  #url: string;
  #ears: Ears;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #ended = false;
  #heardAt = 0;
  #pulse: ReturnType<typeof setInterval>;

  constructor(path: string, ears: Ears) {
    this.#url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
    this.#ears = ears;
    document.addEventListener('visibilitychange', this.#soon);
    addEventListener('online', this.#soon);
    this.#pulse = setInterval(this.#feel, SILENCE / 4);
    this.#connect();
  }

  say(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
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

  #feel = (): void => {
    const socket = this.#socket;
    if (socket === null || performance.now() - this.#heardAt < SILENCE) return;
    // Closing asks the other side, which may take for ever: go on as if it had answered.
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.#lost();
  };

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => {
      this.#failures = 0;
      this.#ears.opened();
    };
    socket.onmessage = (event) => {
      this.#heardAt = performance.now();
      const message = String(event.data);
      if (!message.startsWith('{"type":"beat"')) this.#ears.heard(message);
    };
    socket.onclose = () => this.#lost();
  }

  #lost(): void {
    if (this.#ended) return;
    this.#socket = null;
    this.#ears.closed(this.#heardAt);
    const pause = Math.min(LONGEST, SHORTEST * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }
}
