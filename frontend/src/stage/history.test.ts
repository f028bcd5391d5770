import { expect, test } from 'vitest';
import { historyOf } from './history';
import { displaced, outage } from './fixtures';

const done = (id: string, recovery_seconds: number | null, changes = {}) =>
  outage('n1', {
    id,
    recovery_seconds,
    open: false,
    phase: null,
    pods: [displaced('a', { successor: 'a2' })],
    ...changes,
  });

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

test('what no pod moved in is kept apart from best and median, and from the bars', () => {
  const stayed = [displaced('db', { fate: 'waits', successor: 'db' })];
  const back = [displaced('a', { fate: 'moves' })]; // as after a supply failure
  const past = historyOf(
    [done('1', 12), done('2', 3, { pods: stayed }), done('3', 40, { pods: back })],
    undefined,
    null,
  );
  expect(past).toMatchObject({ best: 12, median: 12, apart: 2, unmeasured: 0 });
  expect(past.runs.map((run) => run.id)).toEqual(['1']);
});

test('what was not watched to its end is kept apart from best and median', () => {
  const late = done('2', 3, { recovery_at_least: 1, blind: 2 });
  const past = historyOf([done('1', 12), late], undefined, null);
  expect(past).toMatchObject({ best: 12, median: 12, apart: 1 });
});

test('a run in which nothing can move draws no bar while it lasts', () => {
  const current = outage('n2', { pods: [displaced('db', { fate: 'waits' })] });
  expect(historyOf([current], current, 4.5).runs).toEqual([]);
});

test('one dead supply is one run, the longest of its machines', () => {
  const supply = ['1', '2', '3'].map((id, at) =>
    done(id, 10 + at, { cause: 'supply', t0: 100 + at }),
  );
  const later = done('4', 9, { cause: 'supply', t0: 200 });
  const past = historyOf([...supply, later], undefined, null);
  expect(past.runs.map((run) => run.id)).toEqual(['3', '4']);
  expect(past).toMatchObject({ best: 9, apart: 0 });
});
