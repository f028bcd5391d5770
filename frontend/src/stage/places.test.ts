import { describe, expect, test } from 'vitest';
import { machine, pod } from './fixtures';
import { NOWHERE, placed, type Places } from './places';
import type { Pod } from '../lib/types';

const machines = ['n1', 'n2', 'n3'].map((name) => machine(name));

/** The places after showing boards one after another, one second each. */
function shown(...boards: Pod[][]) {
  let places: Places = NOWHERE;
  let flights: ReturnType<typeof placed>['flights'] = [];
  boards.forEach((pods, at) => {
    ({ places, flights } = placed(places, { pods, machines, epoch: 1, at }));
  });
  return { places, flights };
}

const before = [pod('a', 'n1'), pod('b', 'n1'), pod('c', 'n2')];
const ghost = pod('a', 'n1', { state: 'terminating' });
const successor = pod('a2', 'n2', { lineage: 'a', state: 'starting' });

describe('a pod flies', () => {
  test('from the slot of the one whose work it takes over to its own', () => {
    const { flights } = shown(before, [ghost, before[1]!, before[2]!, successor]);
    expect(flights).toHaveLength(1);
    expect(flights[0]).toMatchObject({
      uid: 'a2',
      from: { node: 'n1', index: 0 },
      to: { node: 'n2', index: 1 },
      at: 1,
    });
  });

  test('although the old pod is already gone', () => {
    const { flights } = shown(before, before.slice(1), [...before.slice(1), successor]);
    expect(flights.map(({ from }) => from.node)).toEqual(['n1']);
  });

  test('from where pods wait, once it was seen there', () => {
    const waiting = pod('a2', null, { lineage: 'a' });
    const { flights, places } = shown(before, [ghost, waiting], [ghost, waiting]);
    expect(flights).toEqual([]);
    expect(places.waiting.map((one) => one.pod.uid)).toEqual(['a2']);
    expect(shown(before, [ghost, waiting], [ghost, successor]).flights[0]!.from.node).toBe('');
  });

  test('in a row, not all at once', () => {
    const next = ['a', 'b'].map((uid) => pod(`${uid}2`, 'n3', { lineage: uid }));
    const [first, second] = shown(before, next).flights;
    expect(second!.delay).toBeGreaterThan(first!.delay);
  });
});

describe('nothing flies', () => {
  test('that is new, or comes back on the same machine', () => {
    const again = pod('a2', 'n1', { lineage: 'a' });
    expect(shown(before, [...before, pod('d', 'n3')]).flights).toEqual([]);
    expect(shown(before, [again]).flights).toEqual([]);
  });

  test('with a snapshot, which places everything anew', () => {
    const first = placed(NOWHERE, { pods: before, machines, epoch: 1, at: 0 });
    const holes = placed(first.places, { pods: before.slice(1), machines, epoch: 1, at: 1 });
    expect(holes.places.racks.get('n1')).toHaveLength(2);
    const pods = [...before.slice(1), successor];
    const anew = placed(holes.places, { pods, machines, epoch: 2, at: 2 });
    expect(anew.flights).toEqual([]);
    expect(anew.places.racks.get('n1')).toHaveLength(1);
  });
});

test('a finished pod has no place', () => {
  const { places } = shown([pod('a', 'n1', { state: 'finished' })]);
  expect(places.racks.get('n1')).toEqual([]);
});

test('a machine with very many pods has a slot for each workload', () => {
  const many = Array.from({ length: 200 }, (_, at) =>
    pod(`${at}`, 'n1', { workload: `Deployment/${at % 3}` }),
  );
  const { places } = shown(many);
  expect(places.counts).toBe(true);
  expect(places.racks.get('n1')).toHaveLength(3);
});

test('room grows with a full rack, and shrinks only when less than half of it is needed', () => {
  const many = Array.from({ length: 12 }, (_, at) => pod(`${at}`, 'n1'));
  expect(shown(before, many).places.capacity).toBeGreaterThanOrEqual(12);
  expect(shown(before, many, many.slice(5)).places.capacity).toBeGreaterThanOrEqual(12);
  const { places } = shown(before, many, before);
  expect(places.capacity).toBeLessThan(6);
  expect(places.racks.get('n1')).toHaveLength(2);
});

test('lineages that stand nowhere are forgotten one day', () => {
  const boards = Array.from({ length: 700 }, (_, at) => [pod(`${at}`, 'n1')]);
  expect(shown(...boards).places.seats.size).toBeLessThan(600);
});
