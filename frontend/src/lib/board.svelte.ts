// What the server shows, kept true over a websocket and handed out once a frame.
import { apply, EMPTY } from './apply';
import { inOrder } from './order';
import { Socket } from './socket';
import type { Cluster, Delta, Machine, Outage, Pod, Round, Show, Snapshot, State } from './types';

const SIGNED_OUT = 4401; // the code with which the server closes a console that is not the presenter's
const HIDDEN_PAUSE = 250; // ms between two looks while the tab is hidden and no frames are drawn

export class Board {
  state: State = $state.raw(EMPTY);
  connected = $state(false);
  /** The server does not take this browser for the presenter's (any more). */
  signedOut = $state(false);
  /** Grows with every snapshot: what was flying then has landed. */
  epoch = $state(0);
  known = $state(false);

  #waiting: (Snapshot | Delta)[] = [];
  #scheduled = false;
  #toldAt = 0; // when this browser's clock said that the last message came; it is shown later
  #at = 0; // the server's time …
  #heardAt = 0; // … when this browser's clock said this
  #held: number | undefined; // the moment of a recording at which time was stopped
  #until = Infinity; // the server's last sign of life, once it gives none
  #socket: Socket | undefined;
  #role: string;

  // Each section on its own: what did not change is not looked at again.
  #machines = $derived(this.state.machines);
  #pods = $derived(this.state.pods);
  #outages = $derived(this.state.outages);

  cluster: Cluster | undefined = $derived(this.state.cluster['cluster']);
  show: Show | undefined = $derived(this.state.show['show']);
  round: Round | undefined = $derived(this.state.rounds['round']);
  machines: Machine[] = $derived(inOrder(Object.values(this.#machines)));
  pods: Pod[] = $derived(Object.values(this.#pods));
  outages: Outage[] = $derived(Object.values(this.#outages).sort((a, b) => a.t0 - b.t0));
  /** The open outages, the newest last. */
  open: Outage[] = $derived(this.outages.filter((outage) => outage.open));
  /** What the page is about: the newest open outage, else the newest of all. */
  current: Outage | undefined = $derived(this.open.at(-1) ?? this.outages.at(-1));

  constructor(role: 'stage' | 'console' | 'viewer') {
    this.#role = role;
  }

  /** Begin to listen; returns how to end. */
  listen(): () => void {
    this.#socket = new Socket(`/ws?role=${this.#role}`, {
      opened: () => {},
      heard: (message) => this.hear(JSON.parse(message) as Snapshot | Delta),
      closed: (until, code) => this.#lost(until / 1000, code),
    });
    return () => this.#socket?.end();
  }

  /** Take a message in; it is shown with the next frame. */
  hear(message: Snapshot | Delta): void {
    this.#waiting.push(message);
    this.#toldAt = performance.now() / 1000;
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.visibilityState === 'visible') requestAnimationFrame(() => this.flush());
    // Also then: a tab that is hidden meanwhile has no next frame.
    setTimeout(() => this.flush(), HIDDEN_PAUSE);
  }

  /** Show everything that was taken in. */
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
    if (this.#role === 'stage') this.#socket?.say({ drawn: last.seq });
  }

  /** Take a message in and show it at once. */
  take(message: Snapshot | Delta): void {
    this.#waiting.push(message);
    this.#toldAt = performance.now() / 1000;
    this.flush();
  }

  /** Stop time at a moment of the server's clock: a recorded one is shown. */
  hold(moment: number): void {
    this.#held = moment;
  }

  /** The moment that the picture is of: the server's time, which stands still while it is not heard. */
  now(): number {
    return this.#held ?? Math.min(this.time(), this.#until);
  }

  /** The server's time, in seconds: its last word and what has passed since, at its speed. */
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
