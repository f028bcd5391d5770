// One phone: it shows its stream's latest message, and acts only when touched. A vote or a press that
// failed is never resent automatically: the person presses again.
import { post, Refused } from '../lib/request';
import { Socket } from '../lib/socket';
import type { Joined, Play } from '../lib/types';
import { codeIn, seat, storage } from './seat';
import { NOTHING, type Act, type Own } from './view-model';
import { Tabs } from './tabs';
import { isSettled, standing, type Trouble } from './refusal';
import { view } from './view';

/** Average milliseconds between two attempts to take the seat. */
const AGAIN = 1500;

/** Milliseconds after which a phone shows that it waits for an answer: many may send at once. */
const SLOW = 1500;

export class Phone {
  play: Play | null = $state.raw(null);
  connected = $state(false);
  now = $state(0);
  own: Own = $state({ ...NOTHING });
  name = $state('');
  /** The refused request and why; null if there is none. */
  trouble: Trouble | null = $state(null);

  view = $derived(view(this.play, this.own, this.now));

  #heardAt = 0;
  #seat = seat(storage(), (bytes) => crypto.getRandomValues(bytes));
  #code = codeIn(location.search);
  #answered = '';
  #socket: Socket | undefined;
  #ended = false;
  #others = new Tabs((joined) => this.#know(joined));

  /** Start; returns a function that stops. */
  open(): () => void {
    const timer = setInterval(() => this.#tick(), 250);
    this.own.sentAt = performance.now();
    void this.#begin();
    return () => {
      this.#ended = true;
      clearInterval(timer);
      this.#socket?.end();
      this.#others.end();
    };
  }

  /** Take the seat before connecting: a phone without one is not counted. */
  async #begin(): Promise<void> {
    while (!this.#ended && !(await this.join()) && !this.own.needsCode)
      await new Promise((resolve) => setTimeout(resolve, AGAIN * (0.5 + Math.random())));
  }

  #listen(): void {
    if (this.#socket !== undefined || this.#ended) return;
    let isFirst = true;
    this.#socket = new Socket('/ws/play', {
      // Also after a reconnect: a restarted server may have lost this phone's seat.
      opened: () => {
        if (!isFirst) void this.join();
        isFirst = false;
      },
      heard: (message) => this.hear(JSON.parse(message) as Play),
      closed: () => (this.connected = false),
    });
  }

  hear(play: Play): void {
    const before = this.play?.round?.id;
    this.play = play;
    this.connected = true;
    if (!this.own.sending) this.own.slow = false;
    this.#heardAt = performance.now();
    this.#tick();
    if (play.round?.id === before) return;
    // Another round: forget the choice and the refusal of the last one.
    this.own.choice = null;
    this.own.typed = '';
    this.#calm();
  }

  choose(machine: string): void {
    this.own.choice = machine;
    this.#calm();
  }

  /** Send the press; a second one is ignored at once. */
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
    return this.#do('leave', {}, 'Giving up your place.');
  }

  /** Take the seat, with the code if one was scanned or typed. Returns whether the phone has a seat. */
  async join(code: string | null = this.#code): Promise<boolean> {
    try {
      this.#learn(
        await post<Joined>('/api/play/join', { seat: this.#seat, ...(code && { code }) }),
      );
      this.own.needsCode = false;
      this.#calm();
      this.#listen();
      // The code was used, and would have expired after a reload.
      if (this.#code !== null) history.replaceState(null, '', location.pathname);
      this.#code = null;
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.rule === 'code') {
        this.own.needsCode = true;
        if (code) this.#refused(error);
      } else if (error.status > 0) this.#refused(error);
      return false;
    }
  }

  async rename(name: string): Promise<void> {
    try {
      this.#learn(await post<Joined>('/api/play/name', { name }));
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
    this.own.sentAt = performance.now();
    this.#calm();
    navigator.vibrate?.(40);
    try {
      this.#learn(await post<Joined>(`/api/play/${what}`, { round: round.id, ...body }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) {
        // A restarted server or a lost cookie: take the seat again; the person presses again.
        await this.join();
        if (!this.own.needsCode) this.#say('You lost your seat and have it back. Press again.');
      } else if (error.status > 0) this.#refused(error);
      // The server knows whether it was counted: it is shown once the server answers again.
      else if (!(await this.join()) || this.own.round !== round.id || this.own.ticket === null)
        this.#say('It did not get through. Press again.');
    } finally {
      this.own.sending = '';
      this.own.slow = false;
    }
  }

  #refused(error: Refused): void {
    this.#say(`${error.message} ${error.remedy}`.trim(), error);
  }

  #say(text: string, refused?: Refused): void {
    this.trouble = {
      text,
      shownInRound: refused?.shownInRound ?? false,
      allowedAt: refused?.allowedAt ?? null,
      since: this.now,
      choice: this.own.choice,
      about: standing(this.play?.round ?? null),
    };
  }

  #calm(): void {
    this.trouble = null;
  }

  /** Apply the server's answer about this seat, and share it with the other tabs. */
  #learn(joined: Joined): void {
    this.#know(joined);
    this.#others.tell(joined);
  }

  #know(joined: Joined): void {
    const { round, ticket, voted, guess, withdrawn } = joined;
    Object.assign(this.own, { round, ticket, voted, guess, withdrawn });
    this.name = joined.name;
  }

  #tick(): void {
    if (this.own.sending || this.play === null)
      this.own.slow = performance.now() - this.own.sentAt > SLOW;
    if (this.play === null || !this.connected) return;
    const passed = (performance.now() - this.#heardAt) / 1000;
    this.now = this.play.at + passed * this.play.speed;
    if (this.trouble && isSettled(this.trouble, this.play, this.now)) this.#calm();
    this.#answer();
  }

  /** Confirm this phone's turn automatically, once, if the page is visible. */
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
