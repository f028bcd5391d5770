// How each look of a pod is drawn and called. Never by hue alone: the icon differs, and fill or border.
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

/** The order in which a legend tells them. */
export const ORDER: readonly Look[] = [
  'ready',
  'starting',
  'pending',
  'lost',
  'cutoff',
  'orphan',
  'ghost',
];
