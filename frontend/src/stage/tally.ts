// What a round shows besides the server's sentence. Pure.
import { leads } from '../lib/leads';
import type { Bet, Round, Turn } from '../lib/types';

export interface Line {
  machine: string;
  votes: number;
  /** Share of the leader's votes, 0 to 1. */
  share: number;
  leads: boolean;
  /** Why it cannot be cut now; "" if it can. */
  barred: string;
}

export function lines(round: Round): Line[] {
  const most = Math.max(1, ...Object.values(round.tally));
  return Object.entries(round.tally).map(([machine, votes]) => ({
    machine,
    votes,
    share: votes / most,
    leads: leads(round, machine),
    barred: round.barred[machine] ?? '',
  }));
}

export function question(round: Round | undefined): string {
  if (round === undefined) return 'No round yet';
  const ended = round.state === 'over' || round.state === 'cancelled';
  if (ended && round.chosen === null) return 'The round is over';
  switch (round.mode) {
    case 'vote':
      if (round.chosen !== null) return `${round.chosen} it is`;
      return round.feed === 'network' ? 'Which machine is cut off?' : 'Which machine loses power?';
    case 'raffle':
      return 'Who gets the button?';
    case 'queue':
      return 'First come, first served';
    case 'bet':
      return `How long until ${round.machine}'s pods recover?`;
    case 'free':
      return 'Everyone has a button';
  }
}

/** The label of a ticket on the stage. */
export const called = (turn: Pick<Turn, 'ticket' | 'name'>): string =>
  turn.name || `Ticket ${turn.ticket}`;

const ENDED: Readonly<Record<Turn['stage'], string>> = {
  choosing: 'is choosing',
  asking: 'waits for approval',
  cutting: 'is being cut',
  cut: 'was cut',
  done: 'was cut',
  vetoed: 'vetoed',
  refused: 'refused',
  unanswered: 'presenter did not respond',
  late: 'too late',
  absent: 'phone did not respond',
  left: 'has left',
  skipped: 'skipped',
  aborted: 'interrupted',
};

/** How a turn ended, in a few words, with the machine if there is one. */
export const ending = (turn: Turn): string =>
  [turn.machine ?? '', ENDED[turn.stage]].filter(Boolean).join(' ');

/** Whether a machine was cut in a turn. */
export const succeeded = (turn: Turn): boolean => turn.outage !== null;

/** The next tickets in line, up to a number. */
export function next(round: Round, most: number): number[] {
  const found: number[] = [];
  for (let ticket = round.called + 1; ticket <= round.entered && found.length < most; ticket++)
    if (!round.gone.includes(ticket)) found.push(ticket);
  return found;
}

/** The end of the scale for guesses and the time, in seconds from 0. */
export function scale(bet: Bet, passed: number): number {
  const needed = Math.max(passed * 1.15, 10);
  return Math.max(Math.min(bet.high, bet.middle * 3), needed);
}

/** The first eight digits of a long number, to compare by eye. */
export const brief = (hex: string): string => `${hex.slice(0, 4)} ${hex.slice(4, 8)} …`;
