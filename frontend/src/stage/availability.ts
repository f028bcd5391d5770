// The availability strip: which service, what part of it was not Ready when, and what happened. Pure.
import { howLost } from '../lib/cause';
import type { Outage, Service } from '../lib/types';

export const WINDOW = 60; // s that are shown, of which …
const AHEAD = 0; // … so many lie ahead

export interface Span {
  from: number;
  to: number;
  /** Share of the endpoints that are not Ready, 0 to 1. */
  missing: number;
}

/** What was so from when to when, within the last WINDOW seconds. */
export function spans(service: Service, now: number): Span[] {
  const start = now - WINDOW;
  const found: Span[] = [];
  service.history.forEach(([at, ready, total], index) => {
    const from = Math.max(start, at);
    const to = Math.min(now, service.history[index + 1]?.[0] ?? now);
    if (to <= from) return;
    const missing = total > 0 ? (total - ready) / total : 0;
    const last = found.at(-1);
    if (last !== undefined && last.missing === missing) last.to = to;
    else found.push({ from, to, missing });
  });
  return found;
}

/** The service that is worth looking at: the one that misses most endpoints at once, else the
 *  largest. */
export function worst(services: readonly Service[], now: number): Service | undefined {
  const missing = (service: Service): number =>
    Math.max(0, ...recent(service, now).map(([, ready, total]) => total - ready));
  const largest = (service: Service): number =>
    Math.max(service.total, ...service.history.map(([, , total]) => total));
  return services
    .map((service) => ({ service, missing: missing(service), size: largest(service) }))
    .filter(({ size }) => size > 0)
    .sort(
      (a, b) =>
        b.missing - a.missing || b.size - a.size || (a.service.name < b.service.name ? -1 : 1),
    )[0]?.service;
}

const recent = ({ history }: Service, now: number) =>
  history.filter((_, index) => (history[index + 1]?.[0] ?? now) >= now - WINDOW);

/** A service as its clients miss it: while an outage is under way it should have as many endpoints
 *  as before. Pods that were given up are no endpoints any more, and their successors none yet. */
export function expected(service: Service, outages: readonly Outage[]): Service {
  const wanted = (at: number): number =>
    outages
      .filter((outage) => outage.t0 <= at && at < endOf(outage))
      .reduce((most, outage) => Math.max(most, totalAt(service, outage.t0)), 0);
  const history = service.history.map(([at, ready, total]): [number, number, number] => [
    at,
    ready,
    Math.max(total, wanted(at)),
  ]);
  return { ...service, history, total: history.at(-1)?.[2] ?? service.total };
}

const endOf = (outage: Outage): number =>
  outage.open ? Infinity : outage.t0 + Math.max(0, ...Object.values(outage.milestones));

function totalAt(service: Service, moment: number): number {
  const before = service.history.filter(([at]) => at <= moment).at(-1) ?? service.history[0];
  return before?.[2] ?? service.total;
}

/** Where a moment is on a strip of some width. */
export const across = (moment: number, now: number, width: number): number =>
  ((moment - (now + AHEAD) + WINDOW) / WINDOW) * width;

export interface Bar {
  x: number;
  w: number;
  missing: number;
}

const NARROWEST = 5; // px: a failure that lasted a moment is seen all the same

export function bars(service: Service, now: number, width: number): Bar[] {
  return spans(service, now).map((span) => {
    const x = Math.max(0, across(span.from, now, width));
    const w = across(span.to, now, width) - x;
    return { x, w: span.missing > 0 ? Math.max(NARROWEST, w) : w, missing: span.missing };
  });
}

export interface Flag {
  x: number;
  text: string;
  /** Which of the two rows of labels; null if there is no room for it. */
  row: 0 | 1 | null;
  anchor: 'start' | 'end';
}

const LETTER = 0.53; // of the font's size, on average

/** What happened, as flags whose labels do not cover each other. */
export function flags(
  outages: readonly Outage[],
  now: number,
  width: number,
  font: number,
): Flag[] {
  const events = outages
    .flatMap(happened)
    .filter(({ at }) => at >= now - WINDOW && at <= now)
    .sort((a, b) => a.at - b.at);
  const taken: [number, number][][] = [[], []];
  return events.map(({ at, text }) => {
    const x = across(at, now, width);
    const length = text.length * font * LETTER + 10;
    const anchor = x + length > width ? 'end' : 'start';
    const from = anchor === 'start' ? x : x - length;
    const to = from + length;
    const isFree = (row: number) => taken[row]!.every(([a, b]) => to <= a || from >= b);
    const row = isFree(0) ? 0 : isFree(1) ? 1 : null;
    if (row !== null) taken[row]!.push([from, to]);
    return { x, text, row, anchor };
  });
}

function happened(outage: Outage): { at: number; text: string }[] {
  const found = [{ at: outage.t0, text: beginning(outage) }];
  const labels: [string, string][] = [
    ['not_ready', 'NotReady'],
    ['evicting_first', 'Evicting'],
    ['recovered', 'All ready'],
    ['restored', outage.feed === 'network' ? 'Cable back' : 'Plug back'],
    ['rejoined', `${outage.machine} back`],
  ];
  for (const [milestone, text] of labels) {
    const after = outage.milestones[milestone];
    if (after === undefined) continue;
    const at = outage.t0 + after;
    if (milestone === 'rejoined' && at - found.at(-1)!.at < TOGETHER) continue;
    found.push({ at, text });
  }
  return found;
}

const TOGETHER = 2; // s within which a machine's return needs no flag of its own

function beginning(outage: Outage): string {
  if (outage.origin === 'observed') return `${outage.machine}: ${howLost(outage)}`;
  return outage.feed === 'network'
    ? `Cable cut: ${outage.machine}`
    : `Plug pulled: ${outage.machine}`;
}
