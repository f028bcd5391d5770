// The state of a machine as a word, an icon and a tone; and separately what Kubernetes reports.
import { left } from './format';
import type { IconName } from '../lib/Icon.svelte';
import { ICONS, WORDS } from '../lib/pod-styles';
import { lookOf, type Look, type Truth } from '../lib/machine-state';
import type { FeedKind, Machine, Outage, Pod } from '../lib/types';

export type Tone = 'up' | 'down' | 'busy' | 'trouble' | 'dim';

export interface Standing {
  word: string;
  tone: Tone;
  /** A longer text, where a word is not enough. */
  note: string;
  /** When it is restored automatically. */
  restoreBy: number | null;
  /** Whether it has lost a feed that can be restored. */
  off: boolean;
}

const FEEDS = ['power', 'network'] as const;

export function standing(machine: Machine, outage: Outage | undefined): Standing {
  for (const kind of FEEDS) {
    const feed = machine[kind];
    if (!feed) continue;
    const common = { restoreBy: feed.restore_by, off: true };
    if (feed.stage === 'stuck')
      return { word: `${kind} stuck`, tone: 'trouble', note: feed.trouble, ...common };
    if (feed.stage === 'cutting')
      return { word: `cutting ${kind}`, tone: 'busy', note: '', ...common, off: false };
    if (feed.stage === 'restoring')
      return { word: `restoring ${kind}`, tone: 'busy', note: '', ...common };
    if (feed.state === 'off') {
      const note = feed.stage ? '' : 'Turned off elsewhere.';
      return { word: `no ${kind}`, tone: 'down', note, ...common };
    }
    if (feed.finding) {
      const isGone = feed.sensed === 'off';
      const word = isGone ? `no ${kind}` : `${kind} still on`;
      const isTold = isGone && outage?.open && outage.feed === kind && outage.cause;
      const note = isTold ? outage.telling.who : feed.finding;
      return { word, tone: 'trouble', note, restoreBy: null, off: false };
    }
  }
  const on = { restoreBy: null, off: false };
  const unread = FEEDS.filter((kind) => machine[kind]?.state === 'unknown');
  if (unread.length > 0) {
    const note = `Its ${unread.join(' and ')} plug does not answer. Check the device.`;
    return { word: 'plug unknown', tone: 'trouble', note, ...on };
  }
  if (machine.ready === null)
    return { word: 'no node', tone: 'dim', note: 'Kubernetes has no node with this name.', ...on };
  if (boots(outage)) return { word: 'booting', tone: 'busy', note: '', ...on };
  if (machine.ready === 'True') return { word: 'up', tone: 'up', note: '', ...on };
  if (outage?.open && outage.origin === 'observed' && outage.milestones['restored'] === undefined)
    return { word: outage.telling.lost, tone: 'down', note: outage.telling.who, ...on };
  return { word: 'booting', tone: 'busy', note: '', ...on };
}

/** Whether it has power again but no sign of life since; Kubernetes may not have noticed. */
const boots = (outage: Outage | undefined): boolean =>
  outage?.open === true &&
  outage.feed === 'power' &&
  outage.milestones['restored'] !== undefined &&
  outage.milestones['rejoined'] === undefined;

export interface Belief {
  word: string;
  icon: 'check' | 'bang' | 'dots';
  tone: 'ready' | 'failed' | 'gone';
}

/** What Kubernetes reports: it may be wrong for a while. */
export function belief(machine: Machine, stands: Standing): Belief {
  if (machine.ready === null) return { word: 'not in cluster', icon: 'dots', tone: 'gone' };
  if (machine.ready !== 'True') return { word: 'NotReady', icon: 'bang', tone: 'failed' };
  const lost = stands.off || stands.word.startsWith('no ');
  const lagging = stands.word === 'booting' || (lost && stands.tone !== 'busy');
  return { word: lagging ? 'still Ready' : 'Ready', icon: 'check', tone: 'ready' };
}

/** Why the server offers no cut; "" if it does.
 *  `away`: whether the server or the cluster is disconnected. */
export function barred(machine: Machine, feed: FeedKind, away: string, now: number): string {
  const plug = machine[feed];
  if (machine.guarded) return `Never cut: ${machine.guarded}`;
  if (plug === null) return `Has no ${feed} plug`;
  if (away) return away;
  if (plug.stage === 'cutting') return 'Cutting …';
  const refused = plug.refused;
  if (!refused || (refused.until !== null && refused.until <= now)) return '';
  const word = capital(refused.word);
  return refused.until === null ? word : `Wait ${left(refused.until - now)}: ${refused.word}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export interface PodLook {
  look: Look | 'failed' | 'finished';
  icon: IconName;
  word: string;
}

/** The actual state of a pod, whatever Kubernetes reports of its machine: fill, icon and word. */
export function podLook(pod: Pod, truth: Truth | undefined): PodLook {
  if (pod.state === 'finished') return { look: 'finished', icon: 'check', word: 'finished' };
  if (pod.state === 'failed') return { look: 'failed', icon: 'bang', word: 'failed' };
  const look = lookOf(pod, truth);
  return { look, icon: ICONS[look], word: wordOf(pod, look, truth) };
}

function wordOf(pod: Pod, look: Look, truth: Truth | undefined): string {
  switch (look) {
    case 'cutoff':
    case 'orphan':
      return WORDS[look];
    case 'lost':
      return truth?.dark ? 'lost' : pod.state;
    default:
      return pod.state;
  }
}

/** Pods by the node that they are bound to; "" has those without a node. */
export function byNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const found = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = pod.node ?? '';
    const there = found.get(node);
    if (there) there.push(pod);
    else found.set(node, [pod]);
  }
  return found;
}

export interface Work {
  id: string;
  namespace: string;
  kind: string;
  name: string;
  /** Pods that are to stay: not the leftovers of a lost machine. */
  pods: Pod[];
  /** Pods that are ready and whose machine runs and can be reached. */
  ready: number;
}

/** Pods by their controller; pods without one are omitted. */
export function workloads(
  pods: readonly Pod[],
  truths: ReadonlyMap<string, Truth> = new Map(),
): Work[] {
  const found = new Map<string, Work>();
  for (const pod of pods) {
    const [kind, name] = pod.workload.split('/');
    if (!kind || !name || pod.state === 'finished') continue;
    // A StatefulSet's pod is not replaced before it is deleted: it is missing, not left over.
    if (pod.state === 'terminating' && kind !== 'StatefulSet') continue;
    const id = `${pod.namespace}/${pod.workload}`;
    const work = found.get(id) ?? { id, namespace: pod.namespace, kind, name, pods: [], ready: 0 };
    work.pods.push(pod);
    const truth = truths.get(pod.node ?? '');
    if (pod.state === 'ready' && !truth?.dark && !truth?.cutOff) work.ready += 1;
    found.set(id, work);
  }
  return [...found.values()].sort((a, b) => a.id.localeCompare(b.id));
}
