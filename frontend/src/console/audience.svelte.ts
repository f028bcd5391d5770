// The presenter's actions on a round: each press sends one request and announces its result.
import { post, Refused } from '../lib/request';
import type { Mode, Round } from '../lib/types';
import type { Desk } from './commands.svelte';
import { span } from './format';

export interface Opening {
  mode: Mode;
  seconds: number | null;
  approve: boolean;
  /** The machine that a bet is about. */
  machine: string;
}

export class Crowd {
  busy = $state(false);
  #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get round(): Round | undefined {
    return this.#desk.board.round;
  }

  open = ({ mode, seconds, approve, machine }: Opening) =>
    this.#ask(
      'open',
      {
        mode,
        ...(seconds ? { seconds } : {}),
        ...(mode === 'bet' ? { machine } : {}),
        ...(approves(mode) ? { approve } : {}),
      },
      () => `Opened the ${KINDS[mode]}${seconds ? `, for ${span(seconds)}` : ''}.`,
    );

  close = () => this.#ask('close', undefined, (round) => round.says);
  cancel = () => this.#ask('cancel', undefined, (round) => round.says);
  draw = () => this.#ask('draw', undefined, (round) => round.says);
  redraw = () => this.#ask('redraw', undefined, (round) => round.says);
  next = () => this.#ask('next', undefined, (round) => round.says);
  execute = (machine: string | null) =>
    this.#ask('execute', { machine }, (round) => lost(round.chosen, round));

  /** Approve or veto the press that is shown; without one nothing is sent. */
  answer(does: 'approve' | 'veto'): void {
    const turn = this.round?.turn;
    if (turn?.stage !== 'asking') {
      this.#desk.say(
        'refused',
        'No one has asked to cut a machine.',
        'Wait until someone presses.',
      );
      return;
    }
    const { ticket, machine } = turn;
    // The announcement stays until the next press: it says only what stays true.
    void this.#ask(does, { ticket, machine }, (round) =>
      does === 'approve' ? lost(machine, round) : round.says,
    );
  }

  clearName = (tag: string) =>
    this.#once(async () => {
      const { cleared } = await post<{ cleared: string[] }>('/api/names/clear', { tag });
      return cleared.length ? `Cleared: ${cleared.join(', ')}.` : 'The name was already gone.';
    });

  #ask(what: string, body: unknown, said: (round: Round) => string): Promise<void> {
    return this.#once(async () => said(await post<Round>(`/api/round/${what}`, body)));
  }

  /** Send one request at a time; announce its result or why it was refused. */
  async #once(request: () => Promise<string>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.#desk.say('done', await request());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#desk.say('refused', error.message, error.remedy);
    } finally {
      this.busy = false;
    }
  }
}

const lost = (machine: string | null, round: Round): string => `${machine} lost its ${round.feed}.`;

/** What kinds of rounds are called in a sentence. */
export const KINDS: Readonly<Record<Mode, string>> = {
  vote: 'vote',
  raffle: 'raffle',
  queue: 'queue',
  bet: 'bet',
  free: 'free play',
};

/** Whether the presenter may approve each press: phones press in this kind of round. */
export const approves = (mode: Mode): boolean =>
  mode === 'raffle' || mode === 'queue' || mode === 'free';
