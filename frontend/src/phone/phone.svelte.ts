// One phone: it shows its stream's latest message, and acts only when touched. A request without an
// answer is sent again after a reconnect, except a press: the person presses again.
import { Refused } from '../lib/request';
import { Socket } from '../lib/socket';
import type { Ack, Joined, PhoneRefusal, Play, Pong } from '../lib/types';
import { Requests, type PhoneRequest, type Proof } from './requests';
import { codeIn, keepProof, proof, seat, storage } from './seat';
import { Tabs } from './tabs';
import { isCounted, isSettled, standing, type Press, type Trouble } from './refusal';
import * as texts from './texts';
import { NOTHING, type Own } from './view-model';
import { view } from './view';

/** Average milliseconds between two attempts to take the seat. */
const AGAIN = 1500;

/** Milliseconds after which a phone shows that it waits for an answer: many may send at once. */
const SLOW = 1500;

/** Milliseconds after that within which anything must arrive. Longer than for a phone that wakes up: it
 *  may be the server that is slow, and many phones that connect again would not help it. */
const DEAD = 3000;

type FromServer = Play | Ack | PhoneRefusal | Pong;

export class Phone {
  play: Play | null = $state.raw(null);
  connected = $state(false);
  now = $state(0);
  own: Own = $state({ ...NOTHING });
  name = $state('');
  /** The refused request and why; null if there is none. */
  trouble: Trouble | null = $state(null);

  view = $derived(view(this.play, this.own, this.now, this.connected));
  /** Whether the large button may be pressed: what is no press is kept while the connection is lost. */
  canAct = $derived(this.view.ready && (this.connected || this.view.act !== 'press'));

  #receivedAt = 0;
  #seat = seat(storage(), (bytes) => crypto.getRandomValues(bytes));
  #code = codeIn(location.search);
  #isSeated = false;
  /** The latest message, not shown before the phone has had a seat. */
  #latest: Play | null = null;
  #confirmed = '';
  /** The press under way; null while the request is another. */
  #press: Press | null = null;
  #socket: Socket | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #requests = new Requests((message) => this.#socket?.send(message));
  #others = new Tabs((joined) => this.#know(joined));

  /** Start; returns a function that stops. */
  open(): () => void {
    const timer = setInterval(() => this.#tick(), 250);
    this.own.sentAt = performance.now();
    this.#socket = new Socket('/ws/play', {
      opened: () => {
        this.#requests.connect();
        void this.join();
      },
      received: (message) => this.#receive(JSON.parse(message) as FromServer),
      closed: () => {
        this.connected = false;
        this.#latest = null;
        clearTimeout(this.#again);
        this.#requests.disconnect();
      },
      probe: () => this.#requests.ping(),
    });
    return () => {
      clearInterval(timer);
      clearTimeout(this.#again);
      this.#socket?.end();
      this.#others.end();
    };
  }

  #receive(message: FromServer): void {
    switch (message.type) {
      case 'play':
        this.#latest = message;
        this.#receivedAt = performance.now();
        if (this.#isSeated) this.#show(message);
        break;
      case 'ack':
      case 'refused':
        this.#requests.settle(message);
    }
  }

  #show(play: Play): void {
    const before = this.play?.round?.id;
    this.play = play;
    this.connected = true;
    if (!this.own.sending) this.own.slow = false;
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

  /** Do what the large button says; a second press of it is ignored at once. */
  act(): Promise<void> {
    const { act } = this.view;
    const { choice, typed } = this.own;
    const round = this.play?.round;
    if (!round) return Promise.resolve();
    const about = { round: round.id };
    switch (act) {
      case 'vote':
      case 'press': {
        if (choice === null || choice in round.barred) break;
        const sending = act === 'vote' ? texts.sendingVote(choice) : texts.sendingPress(choice);
        return this.#do({ do: act, ...about, machine: choice }, sending);
      }
      case 'enter':
        return this.#do({ do: act, ...about }, texts.ENTERING);
      case 'guess': {
        const seconds = Number(typed.replace(',', '.'));
        if (!(seconds > 0)) break;
        return this.#do({ do: act, ...about, seconds }, texts.sendingGuess(seconds));
      }
    }
    return Promise.resolve();
  }

  leave(): Promise<void> {
    const round = this.play?.round;
    if (!round) return Promise.resolve();
    return this.#do({ do: 'leave', round: round.id }, texts.LEAVING);
  }

  /** Take the seat, with the code if one was scanned or typed. Returns whether the phone has a seat. */
  async join(code: string | null = this.#code): Promise<boolean> {
    clearTimeout(this.#again);
    this.#code = code;
    const kept = proof(storage());
    const hello: Proof = {
      seat: this.#seat,
      ...(code !== null && { code }),
      ...(kept !== null && { proof: kept }),
    };
    try {
      this.#sit(await this.#requests.hello(hello));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#stand(error, code);
      return false;
    }
  }

  /** The phone has its seat. */
  #sit({ you, proof }: Ack): void {
    if (proof !== null) keepProof(storage(), proof);
    // The code was used, and would have expired after a reload.
    if (this.#code !== null) history.replaceState(null, '', location.pathname);
    this.#code = null;
    this.#isSeated = true;
    this.own.needsCode = false;
    this.own.sentAt = performance.now();
    this.#calm();
    this.#learn(you);
    if (this.#latest !== null && this.#latest !== this.play) this.#show(this.#latest);
    this.#requests.resume(you, () => {
      if (this.#press !== null) this.#press.ticket = you.ticket;
      return this.#press !== null && isCounted(this.#press, this.play);
    });
  }

  /** The hello was refused, or its connection was lost: then the next connection begins with one. */
  #stand(error: Refused, code: string | null): void {
    const needsCode = error.rule === 'code';
    if (needsCode) this.own.needsCode = true;
    if ((needsCode || error.status === 422) && this.#code === code) this.#code = null;
    // The form for the code, or "reconnecting", says enough, unless a code was sent.
    const isShown = needsCode || error.status === 0;
    if (!isShown || (code && this.own.needsCode)) this.#refused(error);
    if (!isShown) this.#again = setTimeout(() => void this.join(), AGAIN * (0.5 + Math.random()));
  }

  async rename(name: string): Promise<void> {
    try {
      this.#learn(await this.#requests.request({ do: 'name', name }));
      this.#calm();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refused(error);
    }
  }

  async #do(request: PhoneRequest, sending: texts.Sending): Promise<void> {
    if (this.own.sending || (request.do === 'press' && !this.connected)) return;
    this.own.sending = sending;
    this.own.sentAt = performance.now();
    this.#press =
      request.do === 'press' ? { ...request, ticket: this.own.ticket, at: this.now } : null;
    this.#calm();
    navigator.vibrate?.(40);
    try {
      this.#learn(await this.#requests.request(request));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) {
        // The server has lost this phone's seat: take it again; the person presses again.
        if (await this.join()) this.#say(texts.SEAT_IS_BACK);
      } else this.#refused(error, error.status === 0 ? this.#press : null);
    } finally {
      this.own.sending = null;
      this.own.slow = false;
    }
  }

  /** Show a refusal; with a press that was not confirmed, until the round shows it after all. */
  #refused(error: Refused, press: Press | null = null): void {
    this.#say(`${error.message} ${error.remedy}`.trim(), error, press);
  }

  #say(text: string, refused?: Refused, press: Press | null = null): void {
    this.trouble = {
      text,
      shownInRound: refused?.shownInRound ?? false,
      allowedAt: refused?.allowedAt ?? null,
      since: this.now,
      choice: this.own.choice,
      about: standing(this.play?.round ?? null),
      press,
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
    if (this.own.sending || this.play === null) {
      const isSlow = performance.now() - this.own.sentAt > SLOW;
      if (isSlow && !this.own.slow && this.connected) this.#socket?.check(DEAD);
      this.own.slow = isSlow;
    }
    if (this.play === null || !this.connected) return;
    const passed = (performance.now() - this.#receivedAt) / 1000;
    this.now = this.play.at + passed * this.play.speed;
    if (this.trouble && isSettled(this.trouble, this.play, this.now)) this.#calm();
    this.#confirm();
  }

  /** Confirm this phone's turn automatically, once, if the page is visible. */
  #confirm(): void {
    const round = this.play?.round;
    const turn = round?.turn;
    if (!round || !turn || this.own.round !== round.id || turn.ticket !== this.own.ticket) return;
    const about = `${round.id} ${turn.since}`;
    const isVisible = document.visibilityState === 'visible';
    if (turn.stage !== 'choosing' || this.#confirmed === about || !isVisible) return;
    this.#confirmed = about;
    // A refusal means that the turn is over, which the round shows.
    this.#requests.request({ do: 'here', round: round.id }).catch(() => {});
  }
}
