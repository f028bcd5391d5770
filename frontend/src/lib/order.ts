// The order of machines on every page and for the digits: that of the configuration. Pure.
import type { Machine } from './types';

/** Machines as configured, then the nodes without a machine, by number and name. */
export function inOrder(machines: readonly Machine[]): Machine[] {
  return [...machines].sort(
    (a, b) =>
      (a.place ?? Infinity) - (b.place ?? Infinity) ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}

/** The machine of a digit: the one in that place, whether it can be cut or not. */
export const nth = (machines: readonly Machine[], digit: number): Machine | undefined =>
  machines.find((machine) => machine.place === digit);
