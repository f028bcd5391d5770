// How a machine was lost that nobody here cut, in a word and in a sentence. Pure.
import type { Outage } from './types';

/** In a word or two: "silent", where no sensor tells. */
export function howLost(outage: Outage): string {
  if (outage.clocked !== 'sensor') return 'silent';
  switch (outage.cause) {
    case 'supply':
      return 'supply dead';
    case 'switched':
      return 'switched off';
    default:
      return outage.feed === 'network' ? 'link lost' : 'power lost';
  }
}

/** Who did it, as far as that is known. */
export function whoDid(outage: Outage): string {
  switch (outage.cause) {
    case 'hand':
      return 'Nobody here cut it: a hand, or a loose cable.';
    case 'supply':
      return 'Nobody here cut it: its supply is dead, and that of all others.';
    case 'switched':
      return 'Somebody else switched its plug off.';
    case 'fault':
      return 'Nobody here cut it, and its power is on: a fault, or its network.';
    case 'cut-short':
      return 'Its cut was given up half-way, and may have taken it for a moment.';
    default:
      return 'Nobody here cut it: a hand, or a fault.';
  }
}
