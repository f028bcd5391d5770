import { expect, test } from 'vitest';
import { historyOf } from './history';
import { outage } from './invented';

const done = (id: string, recovery_seconds: number | null, changes = {}) =>
  outage('n1', { id, recovery_seconds, open: false, phase: null, ...changes });

test('best and median are of what was measured', () => {
  const past = historyOf(
    [done('1', 12), done('2', 10), done('3', null), done('4', 20)],
    undefined,
    null,
  );
  expect(past).toMatchObject({ best: 10, median: 12, unmeasured: 1 });
  expect(past.runs.map((run) => run.seconds)).toEqual([12, 10, 20]);
});

test('the run under way grows', () => {
  const current = outage('n2');
  const { runs } = historyOf([done('1', 12), current], current, 4.5);
  expect(runs.at(-1)).toMatchObject({ seconds: 4.5, current: true });
});

test('how it was made decides how it is drawn', () => {
  const kinds = historyOf(
    [
      done('1', 1),
      done('2', 1, { feed: 'network' }),
      done('3', 1, { origin: 'observed', feed: null }),
    ],
    undefined,
    null,
  ).runs.map((run) => run.kind);
  expect(kinds).toEqual(['power', 'network', 'observed']);
});

test('nothing was measured yet', () => {
  expect(historyOf([], undefined, null)).toMatchObject({ best: null, median: null, runs: [] });
});
