// What a vote says of itself. Pure.
import type { Round } from '../lib/types';
import { count } from './phases';

export interface Line {
  machine: string;
  votes: number;
  /** Of the most votes, 0 to 1. */
  share: number;
  leads: boolean;
}

export function lines(round: Round): Line[] {
  const most = Math.max(1, ...Object.values(round.tally));
  return Object.entries(round.tally).map(([machine, votes]) => ({
    machine,
    votes,
    share: votes / most,
    leads: round.leaders.includes(machine),
  }));
}

export function question(round: Round | undefined, feed: string): string {
  if (round === undefined) return 'No vote yet';
  if (round.chosen !== null) return `${round.chosen} it is`;
  return feed === 'network' ? 'Which machine is cut off?' : 'Which machine loses its power?';
}

/** How the vote stands, in a sentence without a clock. */
export function standing(round: Round | undefined): string {
  if (round === undefined) return 'The presenter opens it from the console.';
  const voted = count(round.ballots, 'vote', 'votes');
  switch (round.state) {
    case 'open':
      return round.ballots === 0
        ? 'Vote now: join with your phone.'
        : `${voted} so far. ${tie(round)}`;
    case 'closed':
      return round.ballots === 0
        ? 'Closed, and nobody voted.'
        : `Closed with ${voted}. ${tie(round)}`;
    case 'cancelled':
      return 'The vote was given up. Nothing is cut.';
    default:
      return `${voted} decided.`;
  }
}

function tie(round: Round): string {
  const { leaders } = round;
  if (leaders.length > 1) {
    const names = `${leaders.slice(0, -1).join(', ')} and ${leaders.at(-1)}`;
    return `A tie between ${names}: the presenter breaks it.`;
  }
  return leaders.length === 1 ? `${leaders[0]} leads.` : '';
}
