// The moment that the page shows, by the server's time: looked at ten times a second; it stands still while
// the server is not heard, and in a recording.
import type { Board } from '../lib/board.svelte';

const TICK = 100; // ms

export class Clock {
  now: number = $state(0);
  /** In whole seconds, for what need not be looked at more often. */
  coarse: number = $derived(Math.floor(this.now));
  #board: Board;

  constructor(board: Board) {
    this.#board = board;
    this.now = board.now();
  }

  /** Let it run; returns how to stop it. */
  run(): () => void {
    const timer = setInterval(() => this.tick(), TICK);
    return () => clearInterval(timer);
  }

  tick(): void {
    if (document.visibilityState === 'visible') this.now = this.#board.now();
  }
}
