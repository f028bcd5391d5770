// Apply a snapshot, then deltas. Pure. A changed section is a new object; an unchanged one stays the
// same object, so that nothing derived from it is computed again.
import type { Delta, Snapshot, State } from './types';

export const EMPTY: State = {
  cluster: {},
  machines: {},
  pods: {},
  services: {},
  outages: {},
  show: {},
  rounds: {},
};

export function apply(state: State, messages: readonly (Snapshot | Delta)[]): State {
  const next: Record<string, Record<string, unknown>> = { ...state };
  const own = new Set<string>();
  const section = (name: string) => {
    if (!own.has(name)) {
      next[name] = { ...next[name] };
      own.add(name);
    }
    return next[name]!;
  };
  for (const message of messages) {
    if (message.type === 'snapshot') {
      own.clear();
      Object.assign(next, EMPTY, message.state);
      continue;
    }
    for (const [name, entities] of Object.entries(message.set))
      Object.assign(section(name), entities);
    for (const [name, ids] of Object.entries(message.gone)) {
      const shown = section(name);
      for (const id of ids) delete shown[id];
    }
  }
  return next as State;
}
