// The server's state, kept up to date over a websocket and published once per frame.
import { apply, EMPTY } from './apply';
import { inOrder } from './order';
import { Socket } from './socket';
import type { Cluster, Delta, Machine, Outage, Pod, Round, Show, Snapshot, State } from './types';

const SIGNED_OUT = 4401; // close code for a console without a presenter's session
const HIDDEN_PAUSE = 250; // ms between updates while the tab is hidden and no frames are drawn

export class Board {
  state: State = $state.raw(EMPTY);
  connected = $state(false);
  /** Whether this browser has no presenter's session, or no longer. */
  signedOut = $state(false);
  /** Increases with every snapshot, which ends all flights. */
  epoch = $state(0);
  known = $state(false);

  #waiting: (Snapshot | Delta)[] = [];
  #scheduled = false;
  #toldAt = 0; // when the last message arrived, by this browser's clock; it is shown later
  #at = 0; // the server's time …
  #heardAt = 0; // … at this time of the browser's clock
  #held: number | undefined; // the time of a recording at which the clock was stopped
  #until = Infinity; // the server's last sign of life, once it is disconnected
  #socket: Socket | undefined;
  #role: string;

  // One state per section: unchanged sections trigger no updates.
  #machines = $derived(this.state.machines);
  #pods = $derived(this.state.pods);
  #outages = $derived(this.state.outages);

  cluster: Cluster | undefined = $derived(this.state.cluster['cluster']);
  show: Show | undefined = $derived(this.state.show['show']);
  round: Round | undefined = $derived(this.state.rounds['round']);
  machines: Machine[] = $derived(inOrder(Object.values(this.#machines)));
  pods: Pod[] = $derived(Object.values(this.#pods));
  outages: Outage[] = $derived(Object.values(this.#outages).sort((a, b) => a.t0 - b.t0));
  /** The open outages, newest last. */
  open: Outage[] = $derived(this.outages.filter((outage) => outage.open));
  /** The outage in focus: the newest open one, else the newest of all. */
  current: Outage | undefined = $derived(this.open.at(-1) ?? this.outages.at(-1));

  constructor(role: 'stage' | 'console' | 'viewer') {
    this.#role = role;
  }

  /** Connect; returns a function that disconnects. */
  listen(): () => void {
    this.#socket = new Socket(`/ws?role=${this.#role}`, {
      opened: () => {},
      received: (message) => this.hear(JSON.parse(message) as Snapshot | Delta),
      closed: (until, code) => this.#lost(until / 1000, code),
    });
    return () => this.#socket?.end();
  }

  /** Apply a message; it is shown with the next frame. */
  hear(message: Snapshot | Delta): void {
    this.#waiting.push(message);
    this.#toldAt = performance.now() / 1000;
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(() => this.flush());
    // Also set a timer: a tab that becomes hidden has no next frame.
    setTimeout(() => this.flush(), HIDDEN_PAUSE);
  }

  /** Show all applied messages. */
  flush(): void {
    this.#scheduled = false;
    const messages = this.#waiting;
    const last = messages.at(-1);
    if (last === undefined) return;
    this.#waiting = [];
    this.state = apply(this.state, messages);
    this.#at = last.at;
    this.#heardAt = this.#toldAt;
    this.connected = true;
    this.#until = Infinity;
    this.signedOut = false;
    this.known = true;
    if (messages.some((message) => message.type === 'snapshot')) this.epoch += 1;
    if (this.#role === 'stage') this.#socket?.send({ drawn: last.seq });
  }

  /** Apply a message and show it at once. */
  take(message: Snapshot | Delta): void {
    this.#waiting.push(message);
    this.#toldAt = performance.now() / 1000;
    this.flush();
  }

  /** Stop the clock at a time of the server, to show a recording. */
  hold(moment: number): void {
    this.#held = moment;
  }

  /** The server's time of the shown state; it stops while the server is disconnected. */
  now(): number {
    return this.#held ?? Math.min(this.time(), this.#until);
  }

  /** The server's time, in seconds: the last received, plus what has passed since at its speed. */
  time(): number {
    return this.#timeAt(performance.now() / 1000);
  }

  #timeAt(here: number): number {
    return this.#at + (here - this.#heardAt) * (this.cluster?.speed ?? 1);
  }

  #lost(until: number, code: number): void {
    if (this.connected) this.#until = this.#timeAt(until);
    this.connected = false;
    this.signedOut = code === SIGNED_OUT;
  }
}
