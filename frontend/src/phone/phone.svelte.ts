// One phone: listens to its small stream, and acts by hand only. What the stream says replaces what was
// shown. A vote or a press that failed is never sent again by itself: the person presses again.
import { post, Refused } from '../lib/ask';
import { Socket } from '../lib/socket';
import type { Joined, Play } from '../lib/types';
import { codeIn, seat, storage } from './seat';
import { NOTHING, type Act, type Own } from './shown';
import { told } from './told';
import { view } from './view';

export class Phone {
  play: Play | null = $state.raw(null);
  connected = $state(false);
  now = $state(0);
  own: Own = $state({ ...NOTHING });
  name = $state('');
  /** What the server did not take, and why. */
  trouble = $state('');
  /** From when on the rule that refused it allows it; null if nobody knows. */
  allowedAt: number | null = $state(null);

  view = $derived(view(this.play, this.own, this.now));

  #heardAt = 0;
  #seat = seat(storage(), (bytes) => crypto.getRandomValues(bytes));
  #code = codeIn(location.search);
  #answered = '';

  /** Begin; returns how to end. */
  open(): () => void {
    const socket = new Socket('/ws/play', {
      // Also after a reconnect: a server that was started anew may know less than this phone.
      opened: () => void this.join(),
      heard: (message) => this.hear(JSON.parse(message) as Play),
      closed: () => (this.connected = false),
    });
    const timer = setInterval(() => this.#tick(), 250);
    return () => {
      clearInterval(timer);
      socket.end();
    };
  }

  hear(play: Play): void {
    const before = this.play?.round?.id;
    this.play = play;
    this.connected = true;
    this.#heardAt = performance.now();
    this.#tick();
    if (play.round?.id === before) return;
    // Another round: the choice and the trouble of the last one are over.
    this.own.choice = null;
    this.own.typed = '';
    this.#calm();
  }

  choose(machine: string): void {
    this.own.choice = machine;
    this.#calm();
  }

  /** The press. Everything that could be a second one comes to nothing at once. */
  act(): Promise<void> {
    const { act } = this.view;
    const { choice, typed } = this.own;
    switch (act) {
      case 'vote':
      case 'press':
        if (choice === null || choice in (this.play?.round?.barred ?? {})) break;
        return this.#do(act, { machine: choice }, `${SENDING[act]} for ${choice}.`);
      case 'enter':
        return this.#do(act, {}, SENDING[act]);
      case 'guess': {
        const seconds = Number(typed.replace(',', '.'));
        if (!(seconds > 0)) break;
        return this.#do(act, { seconds }, `${SENDING[act]} of ${seconds} s.`);
      }
    }
    return Promise.resolve();
  }

  leave(): Promise<void> {
    return this.#do('leave', {}, 'Giving it up.');
  }

  /** Take the seat, or have it again; with the code, if one was scanned or typed. */
  async join(code: string | null = this.#code): Promise<void> {
    try {
      this.#know(await post<Joined>('/api/play/join', { seat: this.#seat, ...(code && { code }) }));
      this.own.needsCode = false;
      this.#calm();
      // The code has done its work, and would be old after a reload.
      if (this.#code !== null) history.replaceState(null, '', location.pathname);
      this.#code = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.rule === 'code') {
        this.own.needsCode = true;
        this.trouble = code ? told(error) : '';
      } else if (error.status > 0) this.#refused(error);
    }
  }

  async rename(name: string): Promise<void> {
    try {
      this.#know(await post<Joined>('/api/play/name', { name }));
      this.#calm();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refused(error);
    }
  }

  async #do(what: Act | 'leave', body: Record<string, unknown>, sending: string): Promise<void> {
    const round = this.play?.round;
    if (this.own.sending || !round || !this.connected) return;
    this.own.sending = sending;
    this.#calm();
    navigator.vibrate?.(40);
    try {
      this.#know(await post<Joined>(`/api/play/${what}`, { round: round.id, ...body }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) {
        // A server that was started anew, or a lost cookie: take the seat again, act by hand again.
        await this.join();
        if (!this.own.needsCode)
          this.trouble = 'You had lost your seat, and have it again. Press again.';
      } else if (error.status > 0) this.#refused(error);
      else this.trouble = 'It did not get through. Press again.';
    } finally {
      this.own.sending = '';
    }
  }

  #refused(error: Refused): void {
    this.allowedAt = error.allowedAt;
    this.trouble = told(error);
  }

  #calm(): void {
    this.trouble = '';
    this.allowedAt = null;
  }

  #know(joined: Joined): void {
    const { round, ticket, voted, guess, withdrawn } = joined;
    Object.assign(this.own, { round, ticket, voted, guess, withdrawn });
    this.name = joined.name;
  }

  #tick(): void {
    if (this.play === null) return;
    const passed = (performance.now() - this.#heardAt) / 1000;
    this.now = this.play.at + passed * this.play.speed;
    if (this.allowedAt !== null && this.now >= this.allowedAt) this.#calm();
    this.#answer();
  }

  /** Whose turn it is must be there: the phone says so itself, once, if somebody can see it. */
  #answer(): void {
    const round = this.play?.round;
    const turn = round?.turn;
    if (!round || !turn || this.own.round !== round.id || turn.ticket !== this.own.ticket) return;
    const about = `${round.id} ${turn.since}`;
    const seen = document.visibilityState === 'visible';
    if (turn.stage !== 'choosing' || this.#answered === about || !seen || !this.connected) return;
    this.#answered = about;
    post('/api/play/here', { round: round.id }).catch(() => (this.#answered = ''));
  }
}

const SENDING: Readonly<Record<Act, string>> = {
  vote: 'Sending your vote',
  press: 'Sending your press',
  enter: 'Taking a ticket.',
  guess: 'Sending your guess',
};
