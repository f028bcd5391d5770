// The time that the page shows, by the server's clock: updated ten times a second; it stops while the
// server is disconnected, and in a recording.
import type { Board } from '../lib/board.svelte';

const TICK = 100; // ms

export class Clock {
  now: number = $state(0);
  /** In whole seconds, for what need not be updated more often. */
  coarse: number = $derived(Math.floor(this.now));
  #board: Board;

  constructor(board: Board) {
    this.#board = board;
    this.now = board.now();
  }

  /** Start it; returns a function that stops it. */
  run(): () => void {
    const timer = setInterval(() => this.tick(), TICK);
    return () => clearInterval(timer);
  }

  tick(): void {
    if (document.visibilityState === 'visible') this.now = this.#board.now();
  }
}
