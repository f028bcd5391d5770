// The texts of a machine's card, visible and for screen readers. Pure.
import type { Machine } from '../lib/types';
import { count } from './phases';
import type { Tile } from './tiles';
import { belief, type Truth } from '../lib/machine-state';

export interface Status {
  text: string;
  kind: 'calm' | 'bad' | 'starting';
}

/** The actual state of a machine in two words. */
export function statusOf(machine: Machine, truth: Truth, pods: number): Status {
  if (truth.trouble) return { text: 'PLUG STUCK', kind: 'bad' };
  if (truth.power === 'off') return { text: 'NO POWER', kind: 'bad' };
  if (truth.light === 'starting') return { text: 'STARTING', kind: 'starting' };
  if (truth.network === 'off') return { text: 'NO NETWORK', kind: 'bad' };
  if (truth.cutOff) return { text: 'NETWORK BACK', kind: 'starting' };
  if (truth.light === 'unknown' && machine.ready !== null) return { text: 'SILENT', kind: 'bad' };
  if (machine.control_plane) return { text: 'control plane', kind: 'calm' };
  const lock = machine.cordoned ? ' · cordoned' : '';
  return { text: count(pods, 'pod', 'pods') + lock, kind: 'calm' };
}

/** The line below the plugs; "" for only their names. */
export function plugNews(truth: Truth): string {
  if (truth.byHand.power || truth.byHand.network) return 'pulled by hand';
  if (truth.trouble) return 'does not switch';
  if (truth.finding) return truth.power === 'off' ? 'on, but no power' : 'contradicts its sensor';
  return '';
}

/** The machine as a sentence. */
export function spoken(machine: Machine, truth: Truth, tiles: readonly Tile[]): string {
  const pods = tiles.filter((tile) => tile.look !== 'hole' && tile.look !== 'ghost');
  const { text, kind } = statusOf(machine, truth, pods.length);
  const state = kind === 'calm' ? 'running' : text.toLowerCase();
  const yet = truth.deceived ? 'still says' : 'says';
  const kinds = machine.control_plane ? ', control plane' : '';
  const lock = machine.cordoned ? ', cordoned' : '';
  const lost = pods.filter((tile) => tile.look === 'lost').length;
  const running = count(pods.length, 'pod', 'pods') + (lost > 0 ? `, ${lost} lost` : '');
  return `${machine.name}${kinds}: ${state}. Kubernetes ${yet} ${belief(machine).text}${lock}. ${running}.`;
}
