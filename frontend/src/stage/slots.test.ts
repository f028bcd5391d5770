import { expect, test } from 'vitest';
import { capacityFor, place, type Rack } from './slots';

const seat = (uid: string, lineage = uid) => ({ uid, lineage });
const uids = (rack: Rack) => rack.map((slot) => slot.uid);

test('a pod keeps its slot when another one leaves', () => {
  const rack = place([], [seat('a'), seat('b'), seat('c')]);
  expect(uids(place(rack, [seat('a'), seat('c')]))).toEqual(['a', null, 'c']);
});

test('a hole is used again before the rack grows', () => {
  const rack = place(place([], [seat('a'), seat('b')]), [seat('b')]);
  expect(uids(place(rack, [seat('b'), seat('c'), seat('d')]))).toEqual(['c', 'b', 'd']);
});

test('a lineage gets its own place back', () => {
  const rack = place(place([], [seat('a', 'A'), seat('b', 'B')]), []);
  expect(uids(place(rack, [seat('b2', 'B')]))).toEqual([null, 'b2']);
});

test('a rack that did not change is the same one', () => {
  const rack = place([], [seat('a'), seat('b')]);
  expect(place(rack, [seat('b'), seat('a')])).toBe(rack);
});

test('there is room for the pods of a machine that is lost', () => {
  expect(capacityFor(6, 5)).toBeGreaterThanOrEqual(6 + 2);
  expect(capacityFor(0, 0)).toBeGreaterThan(0);
});
