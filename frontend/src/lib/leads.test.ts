import { expect, test } from 'vitest';
import { round } from './invented-round';
import { leads } from './leads';

const tie = { leaders: ['node1', 'node3'] };
const leading = (changes: Parameters<typeof round>[1]) =>
  ['node1', 'node2', 'node3'].filter((name) => leads(round('vote', changes), name));

test('in a tie both lead', () => {
  expect(leading(tie)).toEqual(['node1', 'node3']);
});

test('once the tie is drawn, or one was cut, the other leads no more', () => {
  expect(leading({ ...tie, picked: 'node3' })).toEqual(['node3']);
  expect(leading({ ...tie, chosen: 'node1' })).toEqual(['node1']);
});
