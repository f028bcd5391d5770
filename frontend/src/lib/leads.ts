// Which machine leads a vote. Pure.
import type { Round } from './types';

/** Whether a machine leads; after a draw or a choice only that machine does. */
export const leads = (round: Round, machine: string): boolean => {
  const one = round.chosen ?? round.picked;
  return one === null ? round.leaders.includes(machine) : one === machine;
};
