// The style and label of each pod state. They never differ by hue alone: icon and fill or border do.
import type { IconName } from './Icon.svelte';
import type { Look } from './machine-state';

export const ICONS: Record<Look, IconName> = {
  ready: 'check',
  starting: 'dots',
  pending: 'dots',
  lost: 'bang',
  ghost: 'cross',
  cutoff: 'nonetwork',
  orphan: 'nonetwork',
};

export const WORDS: Record<Look, string> = {
  ready: 'ready',
  starting: 'starting',
  pending: 'waiting',
  lost: 'lost',
  ghost: 'evicted',
  cutoff: 'running, unreachable',
  orphan: 'evicted, still running',
};

/** The order in a legend. */
export const ORDER: readonly Look[] = [
  'ready',
  'starting',
  'pending',
  'lost',
  'cutoff',
  'orphan',
  'ghost',
];
