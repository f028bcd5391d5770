// The stopwatch and the phases of an outage, with notes. Pure.
import { passed } from '../lib/elapsed';
import { took } from '../lib/took';
import { byDaemonSet } from '../lib/ending';
import type { Cluster, Outage } from '../lib/types';

const PHASES = [
  ['detect', 'Detect'],
  ['evict', 'Evict'],
  ['reschedule', 'Reschedule'],
  ['ready', 'Ready'],
] as const;

export interface Row {
  key: string;
  name: string;
  state: 'todo' | 'now' | 'done' | 'skipped';
  seconds: number | null;
  /** It may have been shorter: it was only partly observed. */
  atMost: boolean;
}

export function rows(outage: Outage | undefined, now: number): Row[] {
  let before = 0;
  return PHASES.map(([key, name]) => {
    const took = outage?.phases[key];
    if (took !== undefined) {
      const seconds = tenths(before + took) - tenths(before); // so that what is shown adds up
      before += took;
      return { key, name, state: 'done', seconds, atMost: mayBeLess(outage!, key) };
    }
    if (outage?.phase === key)
      return {
        key,
        name,
        state: 'now',
        seconds: Math.max(0, now - outage.t0 - before),
        atMost: false,
      };
    return { key, name, state: outage?.outcome ? 'skipped' : 'todo', seconds: null, atMost: false };
  });
}

/** Rounded to a tenth, as it is shown. */
const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;

const mayBeLess = (outage: Outage, phase: string): boolean =>
  outage.phases_at_least?.[phase] !== undefined;

export interface Stopwatch {
  state: 'idle' | 'running' | 'done' | 'void';
  seconds: number | null;
  /** Whether the true time is at most this. */
  atMost: boolean;
}

export function stopwatch(outage: Outage | undefined, now: number): Stopwatch {
  if (outage === undefined) return { state: 'idle', seconds: 0, atMost: false };
  const atMost = outage.t0_within > 0;
  if (outage.recovery_seconds !== null)
    return {
      state: 'done',
      seconds: outage.recovery_seconds,
      atMost: outage.recovery_at_least != null,
    };
  if (outage.phase !== null) return { state: 'running', seconds: passed(outage, now), atMost };
  return { state: 'void', seconds: null, atMost: false };
}

/** Seconds on the stopwatch: 13.2, or 2:07 from a hundred on. */
export function clock(seconds: number): { value: string; unit: string } {
  if (seconds < 99.95) return { value: seconds.toFixed(1), unit: 's' };
  const whole = Math.floor(seconds);
  return { value: `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`, unit: '' };
}

export const short = (seconds: number): string =>
  seconds < 99.95 ? seconds.toFixed(1) : clock(seconds).value;

/** Real seconds until a time of the server's clock, counted down to 0. */
export const until = (moment: number, now: number, speed = 1): number =>
  Math.max(0, Math.ceil((moment - now) / speed - 0.001));

export interface Note {
  text: string;
  /** A countdown after the text, in seconds. */
  seconds?: number;
}

export function notes(
  outage: Outage | undefined,
  cluster: Cluster | undefined,
  now: number,
): Note[] {
  if (outage === undefined) return [];
  const told: Note[] = [];
  if (outage.held) told.push({ text: `On hold: ${outage.held}` });
  if (outage.phase === 'detect' && cluster !== undefined) told.push(silence(outage, cluster, now));
  if (outage.phase === 'evict' && !outage.held) {
    const next = nextEviction(outage, now);
    if (next !== null)
      told.push({ text: 'Kubernetes should evict its pods in about', seconds: next });
  }
  if (nothingMoves(outage))
    told.push({ text: 'None of its pods can move: not counted in best and median' });
  if (outage.t0_within > 0) told.push(honest(outage));
  if (outage.telling.ending) told.push({ text: outage.telling.ending });
  if (outage.open && outage.phases['evict'] !== undefined) told.push(...leftBehind(outage));
  if (outage.blind >= 0.5) told.push(unseen(outage));
  return told;
}

/** Whether it lost pods and none of them can run elsewhere. */
export const nothingMoves = (outage: Outage): boolean =>
  outage.pods.length > 0 && !outage.pods.some((pod) => pod.fate === 'moves');

/** The pods that do not move: those that wait for their machine, and those that belong to it. */
function leftBehind(outage: Outage): Note[] {
  const missing = (fate: string) =>
    outage.pods.filter((pod) => pod.fate === fate && pod.resolved === null).length;
  const waits = missing('waits');
  const tied = outage.milestones['rejoined'] === undefined ? missing('stays') : 0;
  const parts = [
    waits > 0 ? `${count(waits, 'pod waits', 'pods wait')} for ${outage.machine}` : '',
    tied > 0
      ? `${count(tied, 'pod belongs', 'pods belong')} to ${waits > 0 ? 'it' : outage.machine}${byDaemonSet(outage)}`
      : '',
  ].filter(Boolean);
  return parts.length > 0 ? [{ text: parts.join(', ') }] : [];
}

function silence(outage: Outage, cluster: Cluster, now: number): Note {
  const left = outage.t0 + cluster.notices_after - now;
  if (left > 0)
    return {
      text: 'No heartbeat. Kubernetes should notice (NotReady) in about',
      seconds: Math.ceil(left),
    };
  return { text: 'No heartbeat. Kubernetes should notice (NotReady) any moment' };
}

/** Seconds until Kubernetes evicts the next waiting pod; null if unknown. */
function nextEviction(outage: Outage, now: number): number | null {
  const moments = outage.pods
    .map((pod) => pod.evicts_at)
    .filter((at): at is number => at !== null && at > now);
  return moments.length > 0 ? until(Math.min(...moments), now) : null;
}

function unseen(outage: Outage): Note {
  const text = `No contact with the cluster for ${outage.blind.toFixed(1)} s`;
  if (outage.recovery_at_least == null || outage.t0_within > 0) return { text };
  return { text: `${text}: it took ${took(outage)} s` };
}

function honest(outage: Outage): Note {
  const within = outage.t0_within.toFixed(1);
  const since =
    outage.clocked === 'last sign' ? 'its last sign of life' : 'the last time it was seen on';
  if (outage.recovery_seconds === null || outage.recovery_at_least == null)
    return { text: `Counted from ${since}: lost up to ${within} s later` };
  const least = outage.recovery_at_least.toFixed(1);
  return { text: `At least ${least} s: it was lost up to ${within} s after ${since}` };
}

const LETTERS = 34; // characters in a line of notes

/** The first notes that fit into a number of lines. */
export function fitting(told: readonly Note[], lines: number): Note[] {
  let left = lines;
  return told.filter(({ text }) => {
    left -= Math.ceil((text.length + 4) / LETTERS);
    return left >= 0;
  });
}

export const count = (number: number, one: string, many: string): string =>
  `${number} ${number === 1 ? one : many}`;
