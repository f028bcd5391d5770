// The presenter's commands: each request is sent once, and its result is announced.
import { ask, post, Refused } from '../lib/request';
import { Board } from '../lib/board.svelte';
import { truthsOf, type Truth } from '../lib/machine-state';
import type { FeedKind, Machine, Scene } from '../lib/types';
import type { Entry } from './log';
import { nth } from '../lib/order';
import { armed, span } from './format';

/** Milliseconds for which a machine's button ignores clicks after an answer: the second click of a
 * double click on "Cut" must not hit the "Restore" that replaced it. */
const DEAF = 700;
const KEPT = 40;

export interface Said {
  text: string;
  remedy: string;
  kind: 'done' | 'refused';
}

export class Desk {
  board = new Board('console');
  /** The time that is shown, by the server's clock, updated four times a second. */
  now = $state(0);
  said: Said | null = $state(null);
  log: Entry[] = $state.raw([]);
  /** The requests under way, by machine or by name of the request. */
  busy: Record<string, boolean> = $state({});

  armed = $derived(this.board.connected && armed(this.board.show, this.now));
  /** The state of each machine itself, by its node. */
  truths: ReadonlyMap<string, Truth> = $derived(truthsOf(this.board.machines, this.board.open));
  halted = $derived((this.board.show?.halted ?? null) !== null);
  /** Why no command can be sent now; "" if it can. */
  away: string = $derived(
    this.board.signedOut
      ? 'Signed out'
      : !this.board.connected
        ? 'Not connected'
        : this.board.cluster?.stale_since != null
          ? 'Cluster out of contact'
          : '',
  );
  feed: FeedKind = $derived(this.board.show?.feed ?? 'power');

  #deafUntil: Record<string, number> = {};
  #count = 0;

  /** Start; returns a function that stops. */
  open(): () => void {
    const end = this.board.listen();
    const timer = setInterval(() => (this.now = this.board.now()), 250);
    return () => {
      clearInterval(timer);
      end();
    };
  }

  halt = () =>
    this.#once('halt', async () => {
      const { restored } = await post<{ restored: string[] }>('/halt');
      const on = restored.length ? `On again: ${restored.join(', ')}.` : 'Nothing was off.';
      return `HALT is active. ${on}`;
    });

  release = () =>
    this.#once('halt', async () => {
      await post('/release');
      return 'HALT is released. Cuts are still disabled: press A to arm.';
    });

  arm = () =>
    this.#once('arm', async () => {
      const wanted = !armed(this.board.show, this.board.now());
      const { armed_until } = await post<{ armed_until: number | null }>(
        wanted ? '/arm' : '/disarm',
      );
      if (armed_until === null) return 'Safe. Cuts are disabled.';
      return `Armed. Disarms after ${span(Math.round(armed_until - this.board.now()))} without a cut.`;
    });

  cut = (machine: Machine) => {
    if (this.halted) {
      this.say('refused', `${machine.name} was not cut: HALT is active.`, 'Press R to release it.');
      return;
    }
    if (!armed(this.board.show, this.board.now())) {
      this.say('refused', `${machine.name} was not cut: cuts are disabled.`, 'Press A to arm.');
      return;
    }
    const feed = this.feed;
    this.#once(machine.name, async () => {
      const path = `/kill/${encodeURIComponent(machine.name)}?feed=${feed}`;
      const { seconds } = await post<{ seconds: number }>(path);
      return `${machine.name} lost its ${feed}, to return after ${span(seconds)}.`;
    });
  };

  restore = (machine: Machine) =>
    this.#once(machine.name, async () => {
      const path = `/restore/${encodeURIComponent(machine.name)}`;
      const { restored } = await post<{ restored: string[] }>(path);
      return restored.length ? `On again: ${restored.join(', ')}.` : `${machine.name} was not off.`;
    });

  /** Cut or restore the machine of a digit. */
  digit = (does: 'cut' | 'restore', number: number) => {
    const machine = nth(this.board.machines, number);
    if (machine) this[does](machine);
    else this.say('refused', `There is no machine ${number}.`, 'The numbers are on the cards.');
  };

  setFeed = (feed: FeedKind) => this.#show({ feed }, `Cuts now target ${feed}.`);
  setScene = (scene: Scene) => this.#show({ scene, blank: false }, `On the stage: ${scene}.`);
  /** Sent for every press, however fast they come. */
  turn = (turn: 1 | -1) =>
    this.#once(`turn ${this.#count++}`, async () => {
      const { scene } = await post<{ scene: string }>('/api/show', { turn });
      return `On the stage: ${scene}.`;
    });
  qr = () => this.setScene(this.board.show?.scene === 'qr' ? 'board' : 'qr');
  blank = () => {
    const blank = !this.board.show?.blank;
    this.#show({ blank }, blank ? 'The stage is dark.' : 'The stage is back on.');
  };
  theme = () => {
    const light = !this.board.show?.light;
    this.#show({ light }, light ? 'Bright-room theme.' : 'Dark theme.');
  };

  deletePod = (namespace: string, pod: string, uid: string) =>
    this.#once(`pod ${uid}`, async () => {
      await ask('DELETE', `/api/pods/${namespace}/${pod}?uid=${encodeURIComponent(uid)}`);
      return `${pod} is deleted. Its controller, if it has one, creates another.`;
    });

  /** Announce what happened, and add it to the log. */
  say(kind: Said['kind'], text: string, remedy = ''): void {
    this.said = { kind, text, remedy };
    const at = this.board.known ? this.board.time() : Date.now() / 1000;
    const entry = { id: `here ${this.#count++}`, at, text, remedy, kind };
    this.log = [entry, ...this.log].slice(0, KEPT);
  }

  #show(change: Record<string, unknown>, text: string): void {
    this.#once(`show ${Object.keys(change).join(' ')}`, async () => {
      await post('/api/show', change);
      return text;
    });
  }

  /** Send one request at a time per name; announce its result or why it was refused. */
  async #once(name: string, request: () => Promise<string>): Promise<void> {
    if (this.busy[name] || performance.now() < (this.#deafUntil[name] ?? 0)) return;
    this.busy[name] = true;
    try {
      this.say('done', await request());
    } catch (error) {
      if (error instanceof Refused) this.say('refused', error.message, error.remedy);
      else this.say('refused', `Something went wrong here: ${String(error)}`, 'Reload the page.');
    } finally {
      delete this.busy[name];
      if (this.board.state.machines[name]) this.#deafUntil[name] = performance.now() + DEAF;
    }
  }
}
