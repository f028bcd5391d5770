// The state of a machine itself, as opposed to what Kubernetes reports.
import type { Feed, FeedKind, Machine, Outage, Pod } from './types';

export type Supply = 'on' | 'off' | 'unknown' | 'absent';
export type Stand = 'in' | 'out' | 'dead';
export type Light = 'on' | 'off' | 'starting' | 'unknown';

/** What people did to the sockets of one machine; only a demo knows. */
export interface Hands {
  power: boolean;
  network: boolean;
  /** When the power plug was put back by hand, by the server's clock. */
  back: number | null;
}

export interface Truth {
  power: Supply;
  network: Supply;
  /** How each plug is drawn: in its socket, out of it, or in a dead socket. */
  plugs: Record<FeedKind, Stand>;
  /** Which plugs were pulled by hand. */
  byHand: Record<FeedKind, boolean>;
  /** How a sensor contradicts a plug; "" if none does. */
  finding: string;
  light: Light;
  /** Since when it is starting, while it is. */
  startingSince: number | null;
  /** Whether nothing runs on it. */
  dark: boolean;
  /** Whether it runs but cannot be reached. */
  cutOff: boolean;
  /** Whether Kubernetes reports something else. */
  deceived: boolean;
  restoreBy: number | null;
  trouble: string;
}

const LONGEST_START = 60; // s after which a machine plugged in by hand no longer counts as starting
const NO_HANDS: Hands = { power: false, network: false, back: null };

export function truthOf(
  machine: Machine,
  outages: readonly Outage[],
  hands: Hands = NO_HANDS,
  now = 0,
): Truth {
  const open = outages.filter((outage) => outage.open && outage.machine === machine.name);
  const power = supply(machine.power, hands.power);
  const network = supply(machine.network, hands.network);
  const startingSince = power === 'off' ? null : startOf(machine, open, hands, now);
  const returning = open.some((one) => one.feed === 'network' && isReturning(one));
  const dark = power === 'off' || startingSince !== null;
  const cutOff = !dark && (network === 'off' || returning);
  let light: Light = 'on';
  if (power === 'off') light = 'off';
  else if (startingSince !== null) light = 'starting';
  else if (machine.ready !== 'True' && !cutOff) light = 'unknown';
  const back = [machine.power, machine.network]
    .map((feed) => feed?.restore_by)
    .filter((at): at is number => typeof at === 'number');
  return {
    power,
    network,
    plugs: {
      power: stand('power', machine.power, hands.power, open),
      network: stand('network', machine.network, hands.network, open),
    },
    byHand: { power: hands.power, network: hands.network },
    finding: machine.power?.finding || machine.network?.finding || '',
    light,
    startingSince,
    dark,
    cutOff,
    deceived: (dark || cutOff) && machine.ready === 'True',
    restoreBy: back.length > 0 ? Math.min(...back) : null,
    trouble: machine.power?.trouble || machine.network?.trouble || '',
  };
}

/** The actual state of each machine, by its node. */
export const truthsOf = (
  machines: readonly Machine[],
  outages: readonly Outage[],
): ReadonlyMap<string, Truth> =>
  new Map(machines.map((machine) => [machine.node, truthOf(machine, outages)]));

function supply(feed: Feed | null, pulled: boolean): Supply {
  if (pulled) return 'off';
  if (feed === null) return 'absent';
  if (feed.sensed === 'on' || feed.sensed === 'off') return feed.sensed;
  return feed.state === 'on' || feed.state === 'off' ? feed.state : 'unknown';
}

function stand(kind: FeedKind, feed: Feed | null, pulled: boolean, open: readonly Outage[]): Stand {
  if (pulled || feed?.state === 'off') return 'out';
  if (feed?.sensed !== 'off') return 'in';
  return open.some((one) => one.feed === kind && one.cause === 'hand') ? 'out' : 'dead';
}

const isReturning = (outage: Outage): boolean =>
  outage.milestones['restored'] !== undefined && outage.milestones['rejoined'] === undefined;

function startOf(
  machine: Machine,
  open: readonly Outage[],
  hands: Hands,
  now: number,
): number | null {
  const commanded = open.find((one) => one.feed === 'power' && isReturning(one));
  if (commanded !== undefined) return commanded.t0 + commanded.milestones['restored']!;
  if (hands.back === null || now - hands.back > LONGEST_START) return null;
  const awaited = open.length === 0 || open.some((one) => one.milestones['rejoined'] === undefined);
  return awaited && machine.ready !== 'True' ? hands.back : null;
}

/** How a pod is drawn. */
export type Look = 'ready' | 'starting' | 'pending' | 'lost' | 'ghost' | 'cutoff' | 'orphan';

export function lookOf(pod: Pod, truth: Truth | undefined): Look {
  if (pod.state === 'terminating') return truth?.cutOff ? 'orphan' : 'ghost';
  if (truth?.dark) return 'lost';
  if (truth?.cutOff && pod.state !== 'failed') return 'cutoff';
  switch (pod.state) {
    case 'ready':
    case 'starting':
    case 'pending':
      return pod.state;
    default:
      return 'lost';
  }
}

/** The machine's state in Kubernetes' words. */
export function belief(machine: Machine): { text: string; good: boolean } {
  switch (machine.ready) {
    case 'True':
      return { text: 'Ready', good: true };
    case 'False':
      return { text: 'NotReady', good: false };
    case 'Unknown':
      return { text: 'NotReady', good: false };
    default:
      return { text: 'no such node', good: false };
  }
}
