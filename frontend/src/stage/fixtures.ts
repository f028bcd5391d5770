// Values for tests: a machine, a pod, an outage as the server would send them.
import type { Displaced, Feed, Machine, Outage, Pod, Service } from '../lib/types';

export const machine = (name: string, changes: Partial<Machine> = {}): Machine => ({
  name,
  node: name,
  power: on(),
  network: on(),
  ready: 'True',
  reason: '',
  cordoned: false,
  control_plane: false,
  guarded: '',
  rests_until: null,
  place: null,
  refused: null,
  clock: '',
  ...changes,
});

export const on = (): Feed => ({
  state: 'on',
  stage: null,
  restore_by: null,
  why: '',
  trouble: '',
  sensed: null,
  finding: '',
  refused: null,
});

export const off = (restore_by: number | null = null): Feed => ({
  ...on(),
  state: 'off',
  stage: 'cut',
  restore_by,
});

export const pod = (uid: string, node: string | null, changes: Partial<Pod> = {}): Pod => ({
  uid,
  namespace: 'shop',
  name: `web-${uid}`,
  app: 'web',
  workload: 'Deployment/web',
  node,
  lineage: uid,
  state: node === null ? 'pending' : 'ready',
  reason: '',
  restarts: 0,
  ...changes,
});

export const displaced = (name: string, changes: Partial<Displaced> = {}): Displaced => ({
  namespace: 'shop',
  name,
  workload: 'Deployment/web',
  lineage: name,
  fate: 'moves',
  why: '',
  evicts_at: null,
  successor: null,
  successor_node: null,
  resolved: null,
  ...changes,
});

export const outage = (name: string, changes: Partial<Outage> = {}): Outage => ({
  id: `1-${name}`,
  machine: name,
  node: name,
  origin: 'commanded',
  feed: 'power',
  by: '',
  began: '',
  t0: 100,
  t0_within: 0,
  clocked: 'read-back',
  cause: null,
  restore_by: null,
  open: true,
  milestones: { cut: 0 },
  phases: {},
  phase: 'detect',
  recovery_seconds: null,
  recovery_at_least: null,
  at_least: {},
  phases_at_least: {},
  outcome: null,
  awaited: 1,
  story: [],
  telling: { headline: '', brief: '', result: '', ending: '', lost: 'power cut', who: '' },
  held: '',
  blind: 0,
  interrupted: '',
  pods: [],
  ...changes,
});

export const service = (
  history: [number, number, number][],
  changes: Partial<Service> = {},
): Service => {
  const [, ready, total] = history.at(-1) ?? [0, 0, 0];
  return { namespace: 'shop', name: 'web', ready, total, history, ...changes };
};
