// What stands above the stopwatch: whose outage it is, what was lost, and a label if there is room. Pure.
import { shorten } from '../lib/shorten';
import { ems } from '../lib/text-metrics';
import type { Outage } from '../lib/types';

export interface Heading {
  label: string;
  text: string;
}

const GAP = 1; // ems between label and text
const SHORT = 6; // ems of a name that is rather shown alone than shortened

/** The longest label that leaves the machine's name whole; without one that does, a shortened name, or
 *  a short name alone. */
export function heading(outage: Outage | undefined, more: number, width: number): Heading {
  const labels = labelsOf(outage, more);
  if (outage === undefined) return { label: labels[0]!, text: '' };
  const cause = outage.origin === 'observed' ? outage.telling.lost : (outage.feed ?? '');
  const room = (label: string) => width - ems(` · ${cause}${label}`) - (label ? GAP : 0);
  const label = labels.find((one) => ems(outage.machine) <= room(one)) ?? labels.at(-1)!;
  const alone = width - ems(label) - (label ? GAP : 0);
  const name = ems(outage.machine);
  if (room(label) < name && name <= Math.min(alone, SHORT)) return { label, text: outage.machine };
  return { label, text: `${shorten(outage.machine, room(label), ems)} · ${cause}` };
}

function labelsOf(outage: Outage | undefined, more: number): readonly string[] {
  if (more > 0) return [`+${more} more`];
  return outage?.open === false ? ['Last outage', 'Last'] : ['Recovery', ''];
}
