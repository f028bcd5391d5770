// A websocket that reconnects: after a growing, random pause, and at once when the page becomes
// visible or the network returns. It repeats nothing by itself: a reconnect can never repeat a cut.
export interface SocketListener {
  opened(): void;
  received(message: string): void;
  /** Called with the time of the server's last sign of life, or of the attempt, by `performance`,
   *  in ms; and the close code, 0 without one. */
  closed(until: number, code: number): void;
}

import { here } from './here';

// The server sends something at least every 5 s. A connection that is silent for longer is dead, though
// a browser that lost its Wi-Fi keeps it open for minutes.
const SILENCE = 12_000;
/** Silence after which a page that becomes visible or online again reconnects. */
const DOUBT = 6500;
const SHORTEST = 300;
const LONGEST = 5000;

export class Socket {
  #url: string;
  #listener: SocketListener;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #ended = false;
  #receivedAt = 0;
  #receivedOn = 0; // the same by the wall clock: `performance` stops while a phone sleeps
  #pulse: ReturnType<typeof setInterval>;

  constructor(path: string, listener: SocketListener) {
    this.#url = here(path).replace(/^http/, 'ws');
    this.#listener = listener;
    document.addEventListener('visibilitychange', this.#soon);
    addEventListener('online', this.#soon);
    addEventListener('pageshow', this.#soon);
    this.#pulse = setInterval(this.#feel, SILENCE / 4);
    this.#connect();
  }

  /** Send a message; without an open connection it is dropped. */
  send(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    document.removeEventListener('visibilitychange', this.#soon);
    removeEventListener('online', this.#soon);
    removeEventListener('pageshow', this.#soon);
    this.#socket?.close();
  }

  /** The page is visible again, or the network is back: reconnect a silent connection at once. */
  #soon = (): void => {
    if (document.visibilityState !== 'visible' || this.#ended) return;
    if (this.#socket !== null && this.#silence() < DOUBT) return;
    this.#giveUp();
    clearTimeout(this.#timer);
    this.#connect();
  };

  #feel = (): void => {
    if (this.#socket === null || this.#silence() < SILENCE) return;
    this.#giveUp();
    this.#later();
  };

  #silence(): number {
    return Math.max(performance.now() - this.#receivedAt, Date.now() - this.#receivedOn);
  }

  #markReceived(): void {
    this.#receivedAt = performance.now();
    this.#receivedOn = Date.now();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#markReceived();
    socket.onopen = () => {
      this.#failures = 0;
      this.#listener.opened();
    };
    socket.onmessage = (event) => {
      this.#markReceived();
      const message = String(event.data);
      if (!message.startsWith('{"type":"beat"')) this.#listener.received(message);
    };
    socket.onclose = (event) => {
      // A broken connection was alive until now, unless the page slept for longer.
      const until = this.#silence() < SILENCE ? performance.now() : this.#receivedAt;
      this.#lost(until, event.code);
      this.#later();
    };
  }

  /** Drop a dead connection: closing it would wait for the other side. */
  #giveUp(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
    this.#lost(this.#receivedAt, 0);
  }

  #lost(until: number, code: number): void {
    this.#socket = null;
    if (!this.#ended) this.#listener.closed(until, code);
  }

  #later(): void {
    if (this.#ended) return;
    const pause = Math.min(LONGEST, SHORTEST * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }
}
