// One phone: listens to its small stream, and votes by hand only. What the stream says replaces what was
// shown. A vote that failed is never sent again by itself: the person presses again.
import { post, Refused } from '../lib/ask';
import { Socket } from '../lib/socket';
import type { Play } from '../lib/types';
import { seat, storage } from './seat';
import { view, votedIn, type Own } from './view';

interface Joined {
  round: string | null;
  voted: string | null;
}

export class Phone {
  play: Play | null = $state.raw(null);
  connected = $state(false);
  now = $state(0);
  own: Own = $state({ round: null, voted: null, choice: null, sending: false, trouble: '' });

  view = $derived(view(this.play, this.own, this.now));
  voted = $derived(votedIn(this.play, this.own));

  #heardAt = 0;
  #seat = seat(storage(), (bytes) => crypto.getRandomValues(bytes));

  /** Begin; returns how to end. */
  open(): () => void {
    const socket = new Socket('/ws/play', {
      // Also after a reconnect: a server that was started anew knows nobody.
      opened: () => void this.#join(),
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
    this.own.trouble = '';
  }

  choose(machine: string): void {
    this.own.choice = machine;
    this.own.trouble = '';
  }

  /** The press. Everything that could be a second one comes to nothing at once. */
  async vote(): Promise<void> {
    const { choice, sending } = this.own;
    const round = this.play?.round;
    if (sending || !round || choice === null || this.view.name !== 'open' || !this.connected)
      return;
    this.own.sending = true;
    this.own.trouble = '';
    navigator.vibrate?.(40);
    try {
      this.#know(await post<Joined>('/api/play/vote', { round: round.id, machine: choice }));
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        // A server that was started anew, or a lost cookie: take the seat again, vote by hand again.
        await this.#join();
        this.own.trouble = 'You had lost your seat, and have it again. Press again.';
      } else if (error instanceof Refused && error.status > 0)
        this.own.trouble = `${error.message} ${error.remedy}`.trim();
      else this.own.trouble = 'Your vote did not get through. Press again.';
    } finally {
      this.own.sending = false;
    }
  }

  async #join(): Promise<void> {
    try {
      this.#know(await post<Joined>('/api/play/join', { seat: this.#seat }));
    } catch (error) {
      this.own.trouble = error instanceof Refused ? `${error.message} ${error.remedy}` : '';
    }
  }

  #know({ round, voted }: Joined): void {
    this.own.round = round;
    this.own.voted = voted;
  }

  #tick(): void {
    if (this.play === null) return;
    const passed = (performance.now() - this.#heardAt) / 1000;
    this.now = this.play.at + passed * this.play.speed;
  }
}
