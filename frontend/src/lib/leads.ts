// Which machine a vote stands for. Pure.
import type { Round } from './types';

/** Whether a machine leads; once a tie was drawn, or a machine chosen, only that one. */
export const leads = (round: Round, machine: string): boolean => {
  const one = round.chosen ?? round.picked;
  return one === null ? round.leaders.includes(machine) : one === machine;
};
