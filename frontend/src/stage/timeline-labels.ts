// Events as flags below the availability strip. A label is placed once, depending on earlier events, and
// keeps its place while it moves left with time: labels do not overlap, and no pole crosses one. Pure.
import type { Outage } from '../lib/types';
import { across, AHEAD, endOf, scale, WINDOW } from './availability';
import { ems } from '../lib/text-metrics';
import { shorten } from '../lib/shorten';

export interface Flag {
  x: number;
  text: string;
  /** Which of the two rows of labels; null if there is no room for it. */
  row: Row | null;
  /** The end of the label that is at the pole. */
  anchor: Anchor;
  /** Whether its pole has a gap for a label in the row above its own. */
  broken: boolean;
}

type Row = 0 | 1;
type Anchor = 'start' | 'end';

interface Event {
  at: number;
  text: string;
  /** Possible places of its label, best first. */
  wishes: readonly (readonly [Anchor, Row])[];
}

interface Label {
  x: number;
  row: Row;
  anchor: Anchor;
  from: number;
  to: number;
}

const THIN = 0.92; // the width of a text relative to bold
const NEAR = 60; // labels that may still be on the strip: ten outages' worth
const NAME = 6; // ems of a machine's name in a label
const POLE = 2; // px of a pole on either side of its middle
const BESIDE = 7; // px between a pole and its label
const APART = 6; // px between a label and its neighbour

/** A cause's label goes left of its pole, a consequence's goes right. */
const BEFORE: Event['wishes'] = [['end', 0], ['end', 1], ['start', 0], ['start', 1]]; // prettier-ignore
const BELOW: Event['wishes'] = [['end', 1], ['end', 0], ['start', 0], ['start', 1]]; // prettier-ignore
const AFTER: Event['wishes'] = [['start', 0], ['start', 1], ['end', 0], ['end', 1]]; // prettier-ignore

/** The flags of the last WINDOW seconds. */
export function flags(
  outages: readonly Outage[],
  now: number,
  width: number,
  font: number,
): Flag[] {
  const events = outages.flatMap((outage) => happened(outage, outages)).sort((a, b) => a.at - b.at);
  const labels = placed(events, scale(width), font);
  const left = -across(0, now, width);
  return events.flatMap(({ at, text }, index) => {
    const x = across(at, now, width);
    if (at < now - WINDOW || at > now) return [];
    const label = labels[index];
    const isWhole = label != null && label.from >= left && label.to <= left + width + 2 * APART;
    const row = isWhole ? label.row : null;
    const crosses = (other: Label | null) => other?.row === 0 && covers(other, label!.x);
    return [
      { x, text, row, anchor: label?.anchor ?? 'start', broken: row === 1 && labels.some(crosses) },
    ];
  });
}

/** The label of each event, in pixels since the clock's zero; null where there is no room. */
function placed(events: readonly Event[], perSecond: number, font: number): (Label | null)[] {
  const labels: (Label | null)[] = [];
  for (const { at, text, wishes } of events) {
    const near = labels.slice(-NEAR).filter((label) => label !== null);
    const length = ems(text) * font * THIN;
    const isTooLong = BESIDE + length > AHEAD * perSecond; // to begin where it happens
    const free = (isTooLong ? BEFORE : wishes)
      .map(([anchor, row]) => label(at * perSecond, length, anchor, row))
      .filter((one) => near.every((other) => other.row !== one.row || !overlaps(one, other)));
    const clean = free.find((one) => !near.some((other) => crossed(one, other)));
    labels.push(clean ?? free.at(0) ?? null);
  }
  return labels;
}

function label(x: number, length: number, anchor: Anchor, row: Row): Label {
  const long = BESIDE + length + APART;
  const [from, to] = anchor === 'start' ? [x - POLE, x + long] : [x - long, x + POLE];
  return { x, row, anchor, from, to };
}

const overlaps = (a: Label, b: Label): boolean => a.from < b.to && b.from < a.to;
const covers = (label: Label, x: number): boolean => label.from < x && x < label.to;

/** Whether the pole of one crosses the label of the other. */
const crossed = (a: Label, b: Label): boolean =>
  (a.row === 1 && b.row === 0 && covers(b, a.x)) || (b.row === 1 && a.row === 0 && covers(a, b.x));

/** Whether another machine's outage is on the strip too, so that a label has to name its machine. */
const isShared = (outage: Outage, at: number, outages: readonly Outage[]): boolean =>
  outages.some(
    (other) => other.machine !== outage.machine && other.t0 <= at && endOf(other) >= at - WINDOW,
  );

const brief = (name: string): string => shorten(name, NAME, ems);

function happened(outage: Outage, outages: readonly Outage[]): Event[] {
  const found: Event[] = [{ at: outage.t0, text: beginning(outage), wishes: BEFORE }];
  const labels: [string, string, Event['wishes']][] = [
    ['not_ready', 'NotReady', BEFORE],
    ['evicting_first', 'Evicting', BELOW],
    ['recovered', 'Recovered', AFTER],
    ['restored', outage.feed === 'network' ? 'Network on' : 'Power on', AFTER],
    ['rejoined', `${brief(outage.machine)} back`, AFTER],
  ];
  for (const [milestone, text, wishes] of labels) {
    const after = outage.milestones[milestone];
    if (after === undefined) continue;
    const at = outage.t0 + after;
    if (milestone === 'rejoined' && at - found.at(-1)!.at < TOGETHER) continue;
    const isNamed = milestone === 'rejoined' || !isShared(outage, at, outages);
    found.push({ at, text: isNamed ? text : `${text}: ${brief(outage.machine)}`, wishes });
  }
  return found;
}

const TOGETHER = 2; // s within which a machine's return gets no separate flag

function beginning(outage: Outage): string {
  if (outage.origin === 'observed') return `${brief(outage.machine)}: ${outage.telling.lost}`;
  return outage.feed === 'network'
    ? `Network cut: ${brief(outage.machine)}`
    : `Power cut: ${brief(outage.machine)}`;
}
