// The availability strip: which service to show, and when how much of it was not Ready. Pure.
import type { Outage, Service } from '../lib/types';

export const WINDOW = 60; // s shown before now …
export const AHEAD = 7; // … and after now, as room for new labels

export interface Span {
  from: number;
  to: number;
  /** Share of the endpoints that are not Ready, 0 to 1. */
  missing: number;
}

/** The states of a service within the last WINDOW seconds, up to `seen`. */
export function spans(service: Service, now: number, seen = now): Span[] {
  const start = now - WINDOW;
  const end = Math.min(now, seen);
  const found: Span[] = [];
  service.history.forEach(([at, ready, total], index) => {
    const from = Math.max(start, at);
    const to = Math.min(end, service.history[index + 1]?.[0] ?? end);
    if (to <= from) return;
    const missing = total > 0 ? (total - ready) / total : 0;
    const last = found.at(-1);
    if (last !== undefined && last.missing === missing) last.to = to;
    else found.push({ from, to, missing });
  });
  return found;
}

/** The most interesting service: the one that misses most endpoints at once, else the largest. */
export function worst(services: readonly Service[], now: number): Service | undefined {
  return services
    .map((service) => ({ service, missing: missing(service, now), size: largest(service) }))
    .filter(({ size }) => size > 0)
    .sort(
      (a, b) =>
        b.missing - a.missing || b.size - a.size || (a.service.name < b.service.name ? -1 : 1),
    )[0]?.service;
}

/** The service to show: the current one, unless another misses more endpoints. */
export function kept(
  services: readonly Service[],
  now: number,
  before: string,
): Service | undefined {
  const best = worst(services, now);
  const held = services.find((one) => keyOf(one) === before && largest(one) > 0);
  if (held === undefined || best === undefined) return best;
  return missing(best, now) > missing(held, now) ? best : held;
}

export const keyOf = (service: Service): string => `${service.namespace}/${service.name}`;

/** A service's label: with its namespace only if another one has the same name. */
export const called = (service: Service, services: readonly Service[]): string =>
  services.filter((one) => one.name === service.name).length > 1 ? keyOf(service) : service.name;

const missing = (service: Service, now: number): number =>
  Math.max(0, ...recent(service, now).map(([, ready, total]) => total - ready));

const largest = (service: Service): number =>
  Math.max(service.total, ...service.history.map(([, , total]) => total));

const recent = ({ history }: Service, now: number) =>
  history.filter((_, index) => (history[index + 1]?.[0] ?? now) >= now - WINDOW);

/** A service with its expected endpoints: during an outage, as many as before it. Evicted pods are no
 *  longer endpoints, and their successors not yet. */
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

export const endOf = (outage: Outage): number =>
  outage.open ? Infinity : outage.t0 + Math.max(0, ...Object.values(outage.milestones));

function totalAt(service: Service, moment: number): number {
  const before = service.history.filter(([at]) => at <= moment).at(-1) ?? service.history[0];
  return before?.[2] ?? service.total;
}

/** The position of a time on a strip of some width. */
export const across = (moment: number, now: number, width: number): number =>
  (moment - now + WINDOW) * scale(width);

/** Pixels per second on a strip of some width. */
export const scale = (width: number): number => width / (WINDOW + AHEAD);

export interface Bar {
  x: number;
  w: number;
  missing: number;
}

const NARROWEST = 5; // px: even a brief failure is visible

export function bars(service: Service, now: number, width: number, seen = now): Bar[] {
  return spans(service, now, seen).map((span) => {
    const x = Math.max(0, across(span.from, now, width));
    const w = across(span.to, now, width) - x;
    return { x, w: span.missing > 0 ? Math.max(NARROWEST, w) : w, missing: span.missing };
  });
}
