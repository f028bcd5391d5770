// A websocket that reconnects, after a growing, random pause. It repeats nothing by itself: a reconnect
// can never repeat a cut.
//
// A browser may keep a dead connection open for minutes: a phone slept, or left the Wi-Fi. So when a page
// wakes up or the network changes, the connection is checked, and replaced at once if it is silent.
//
//   wakes up ─► silent for long, or closed ──────────────────────► a new connection, without a pause
//          └──► probe ─► a message within a second: alive  ─┬─► no message ─┘
import { here } from './here';

export interface SocketListener {
  opened(): void;
  received(message: string): void;
  /** Called with the time of the server's last sign of life, or of the attempt, by `performance`,
   *  in ms; and the close code, 0 without one. */
  closed(until: number, code: number): void;
  /** Send something that the server answers at once. Without it, the server's own signs of life have
   *  to do. */
  probe?(): void;
}

/** Milliseconds of silence after which a connection is dead: the server sends something every 5 s. */
const SILENCE = 12_000;
/** Milliseconds of silence after which a connection that is checked is dead. */
const DOUBT = 6500;
/** Milliseconds within which a probe is answered, or a connection of a page that wakes up is made. */
const PROBED = 1000;
const SHORTEST = 300;
const LONGEST = 5000;

/** What happens when a page wakes up: a phone is unlocked, a tab is shown or comes back from the
 *  back/forward cache or from being frozen, a network returns. */
const WAKES: readonly (readonly [EventTarget, string])[] = [
  [document, 'visibilitychange'],
  [document, 'resume'],
  [window, 'pageshow'],
  [window, 'online'],
];

/** The kind of network, such as "wifi" or "cellular", where a browser reports it. */
type Connection = EventTarget & { type?: string };

export class Socket {
  #url: string;
  #listener: SocketListener;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #ended = false;
  #connection = (navigator as { connection?: Connection }).connection;
  #network = this.#connection?.type;
  #receivedAt = 0;
  #receivedOn = 0; // the same by the wall clock: `performance` stops while a phone sleeps
  #pulse: ReturnType<typeof setInterval>;

  constructor(path: string, listener: SocketListener) {
    this.#url = here(path).replace(/^http/, 'ws');
    this.#listener = listener;
    for (const [target, event] of WAKES) target.addEventListener(event, this.#wake);
    this.#connection?.addEventListener('change', this.#compareNetwork);
    this.#pulse = setInterval(this.#dropSilent, SILENCE / 4);
    this.#connect();
  }

  /** Send a message; without an open connection it is dropped. */
  send(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    clearInterval(this.#pulse);
    for (const [target, event] of WAKES) target.removeEventListener(event, this.#wake);
    this.#connection?.removeEventListener('change', this.#compareNetwork);
    this.#socket?.close();
  }

  /** Replace the connection if it is dead: if nothing arrives within `patience` ms, by a probe. */
  check(patience = PROBED): void {
    if (this.#ended) return;
    const state = this.#socket?.readyState;
    const silence = this.#silence();
    if (state === WebSocket.CONNECTING && silence < PROBED) {
      this.#failures = 0; // it has just begun, and if it fails, the next one follows soon
      return;
    }
    if (state !== WebSocket.OPEN || silence >= DOUBT) {
      this.#replace();
      return;
    }
    if (this.#deadline !== undefined) return;
    this.#deadline = setTimeout(this.#replace, this.#listener.probe ? patience : DOUBT - silence);
    this.#listener.probe?.();
  }

  #wake = (event: Event): void => {
    const isNewPage = (event as Partial<PageTransitionEvent>).persisted === false;
    if (document.visibilityState === 'visible' && !isNewPage) this.check();
  };

  /** Wi-Fi became mobile data, or the like; the speed of a network, too, is reported as a change. */
  #compareNetwork = (): void => {
    const before = this.#network;
    this.#network = this.#connection?.type;
    if (this.#network !== before) this.check();
  };

  #replace = (): void => {
    this.#drop();
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#connect();
  };

  #dropSilent = (): void => {
    if (this.#socket === null || this.#silence() < SILENCE) return;
    this.#drop();
    this.#connectLater();
  };

  #silence(): number {
    return Math.max(performance.now() - this.#receivedAt, Date.now() - this.#receivedOn);
  }

  #markReceived(): void {
    this.#receivedAt = performance.now();
    this.#receivedOn = Date.now();
    this.#endCheck();
  }

  #endCheck(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
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
      this.#connectLater();
    };
  }

  /** Drop a dead connection: closing it would wait for the other side. */
  #drop(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
    this.#lost(this.#receivedAt, 0);
  }

  #lost(until: number, code: number): void {
    this.#socket = null;
    this.#endCheck();
    if (!this.#ended) this.#listener.closed(until, code);
  }

  #connectLater(): void {
    if (this.#ended) return;
    const pause = Math.min(LONGEST, SHORTEST * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }
}
