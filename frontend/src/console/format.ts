// Times, durations and sentences in the console's format.
import { ended, passed } from '../lib/elapsed';
import { byDaemonSet } from '../lib/ending';
import { took } from '../lib/took';
import type { Cluster, Outage, Show } from '../lib/types';

export const PHASES = [
  ['detect', 'Detect'],
  ['evict', 'Evict'],
  ['reschedule', 'Reschedule'],
  ['ready', 'Ready'],
] as const;

/** Seconds to a tenth. */
export const tenths = (seconds: number): string => seconds.toFixed(1);

/** A countdown: "9:41", or "12 s" below a minute; never below zero. */
export function left(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** A length that is fixed: "12 s", "10 min", "1 min 30 s". */
export function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round((seconds % 60) * 10) / 10;
  return [minutes ? `${minutes} min` : '', rest || !minutes ? `${rest} s` : '']
    .filter(Boolean)
    .join(' ');
}

/** The time of day, in this computer's time zone. */
export function clock(moment: number): string {
  return new Date(moment * 1000).toLocaleTimeString('en-GB');
}

/** The time of day of a Kubernetes timestamp; other text is returned unchanged. */
export function stamp(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : clock(at / 1000);
}

/** A sentence with its Kubernetes timestamps shortened to times of day. */
export const stampIn = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => stamp(moment));

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** The pods of an outage that do not run again, by what becomes of them: together, all that are missing. */
export function unfinished(outage: Outage): string {
  const missing = (fate: string) =>
    outage.pods.filter((pod) => pod.fate === fate && pod.resolved === null).length;
  const [moves, waits] = [missing('moves'), missing('waits')];
  if (moves + waits === 0) return '';
  const parts = [
    moves > 0 ? `${count(moves, 'pod')} that can move` : '',
    waits > 0 ? `${count(waits, 'pod')} that must wait for ${outage.machine}` : '',
  ].filter(Boolean);
  const tied = outage.milestones['rejoined'] === undefined ? missing('stays') : 0;
  const bare = outage.milestones['rejoined'] === undefined ? missing('lost') : 0;
  const more = [
    tied > 0
      ? ` ${count(tied, 'more belongs', 'more belong')} to ${outage.machine}${byDaemonSet(outage)}.`
      : '',
    bare > 0 ? ` ${count(bare, 'more has', 'more have')} no controller: gone for good.` : '',
  ];
  return `Not back yet: ${parts.join(', ')}.${more.join('')}`;
}

/** What holds up a replacement, for the first one of which it is known; "" if it is of none. */
export function reason(outage: Outage): string {
  const stuck = outage.pods.find(
    (pod) => pod.resolved === null && pod.successor !== null && pod.why.includes(': '),
  );
  return stuck === undefined ? '' : `${stuck.why.replace(/\.$/, '')}.`;
}

export const armed = (show: Show | undefined, now: number): boolean =>
  show?.armed_until != null && now < show.armed_until;

/** The outcome of an outage, in a word or two. */
export function verdict(outage: Outage): string {
  if (outage.recovery_seconds !== null) return `${took(outage, tenths)} s`;
  return outage.outcome ?? (outage.open ? 'under way' : 'not measured');
}

/** The title of an outage: "node3: power cut". */
export const headline = (outage: Outage): string => `${outage.machine}: ${outage.telling.lost}`;

export interface Phase {
  name: string;
  state: 'todo' | 'now' | 'done' | 'skipped';
  seconds: number | null;
  /** It may have been shorter: it was only partly observed. */
  atMost: boolean;
}

/** The phases of an outage; the current one is still counting. */
export function phases(outage: Outage, now: number): Phase[] {
  const done = ended(outage);
  let before = 0;
  return PHASES.map(([id, name]) => {
    const took = outage.phases[id];
    if (took !== undefined) {
      // Rounded as they are shown, so that what is shown adds up.
      const seconds = Math.round((before + took) * 10) / 10 - Math.round(before * 10) / 10;
      before += took;
      return { name, state: 'done', seconds, atMost: outage.phases_at_least?.[id] !== undefined };
    }
    if (outage.open && outage.phase === id)
      return { name, state: 'now', seconds: Math.max(0, now - outage.t0 - done), atMost: false };
    return { name, state: outage.outcome ? 'skipped' : 'todo', seconds: null, atMost: false };
  });
}

/** Seconds on the stopwatch of an outage: its recovery time, or the time since t0. */
export function elapsed(outage: Outage, now: number): number | null {
  if (outage.recovery_seconds !== null) return outage.recovery_seconds;
  return outage.open && outage.phase !== null ? passed(outage, now) : null;
}

/** The part of the board that tells whether it is live. */
export interface Heard {
  known: boolean;
  connected: boolean;
  signedOut: boolean;
  cluster: Cluster | undefined;
}

export interface Link {
  word: 'LIVE' | 'STALE' | 'NOT CONNECTED' | 'CONNECTING' | 'SIGNED OUT';
  detail: string;
  remedy: string;
}

/** Whether the page is up to date, and if not what to do. */
export function link({ known, connected, signedOut, cluster }: Heard, now: number): Link {
  if (signedOut)
    return {
      word: 'SIGNED OUT',
      detail: 'This browser is no longer signed in: the page is out of date, and keys do nothing.',
      remedy: 'Sign in again with a presenter’s token.',
    };
  if (!known)
    return {
      word: 'CONNECTING',
      detail: 'Waiting for the server.',
      remedy: 'If this lasts, check that chaosmonkey is running.',
    };
  if (!connected)
    return {
      word: 'NOT CONNECTED',
      detail: 'Lost contact with the server: this page is out of date.',
      remedy: 'Retrying… Machines that are off come back automatically.',
    };
  if (cluster?.stale_since != null)
    return {
      word: 'STALE',
      detail: `Lost contact with the cluster ${left(now - cluster.stale_since)} ago: ${cluster.why.replace(/\.$/, '')}.`,
      remedy: 'Cuts are refused until it answers. Restore and HALT still work.',
    };
  return { word: 'LIVE', detail: '', remedy: '' };
}
