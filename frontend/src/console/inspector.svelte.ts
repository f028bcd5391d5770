// The content of the details: fetched every two seconds while it is open, one request at a time.
import { ask, refusal, type Refused } from '../lib/request';
import type { Description } from '../lib/types';

const PAUSE = 2000;
const TAIL = 200;

export interface Thing {
  kind: string;
  /** "-" for a node. */
  namespace: string;
  name: string;
  uid: string | null;
}

export type Look = (what: Thing, opener: HTMLElement) => void;
export type Leaf = 'overview' | 'describe' | 'logs';

export class Subject {
  at: Thing | null = $state.raw(null);
  leaf: Leaf = $state('overview');
  description: Description | null = $state.raw(null);
  log: string | null = $state(null);
  trouble: Refused | null = $state.raw(null);
  logTrouble: Refused | null = $state.raw(null);
  /** Whether the confirmation to delete the pod is shown. */
  asking = $state(false);

  #opener: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reachable: () => boolean;

  constructor(reachable: () => boolean) {
    this.#reachable = reachable;
  }

  look(what: Thing, opener: HTMLElement | null): void {
    // While the details move from one object to the next, its first opener gets the focus back.
    if (this.at === null) this.#opener = opener;
    if (what.kind !== 'pod' && this.leaf === 'logs') this.leaf = 'overview';
    this.at = what;
    this.description = this.log = this.trouble = this.logTrouble = null;
    this.asking = false;
    clearTimeout(this.#timer);
    void this.#refresh(what);
  }

  /** Close the details and give the focus back to what opened it. */
  close(): void {
    clearTimeout(this.#timer);
    this.at = null;
    this.asking = false;
    if (this.#opener?.isConnected) this.#opener.focus();
    this.#opener = null;
  }

  /** Show a tab, or the overview again. */
  turnTo(leaf: Leaf): void {
    this.leaf = this.leaf === leaf ? 'overview' : leaf;
  }

  async #refresh(what: Thing): Promise<void> {
    if (this.#reachable()) {
      const where = `${what.namespace}/${encodeURIComponent(what.name)}`;
      const asked = [
        ask<Description>('GET', `/api/describe/${what.kind}/${where}`).then(
          (found) => this.#take(what, () => ((this.description = found), (this.trouble = null))),
          (error) => this.#take(what, () => (this.trouble = refusal(error))),
        ),
      ];
      if (what.kind === 'pod')
        asked.push(
          ask<string>('GET', `/api/logs/${where}?tail=${TAIL}`).then(
            (text) => this.#take(what, () => ((this.log = text), (this.logTrouble = null))),
            (error) => this.#take(what, () => (this.logTrouble = refusal(error))),
          ),
        );
      await Promise.all(asked);
    }
    if (this.at === what) this.#timer = setTimeout(() => void this.#refresh(what), PAUSE);
  }

  /** Ignore an answer if the details show another object by now. */
  #take(what: Thing, then: () => unknown): void {
    if (this.at === what) then();
  }
}
