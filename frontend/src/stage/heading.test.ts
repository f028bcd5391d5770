import { expect, test } from 'vitest';
import { outage } from './fixtures';
import { heading } from './heading';

const WIDTH = 492 / 34; // ems, as on the stage
const pulled = {
  origin: 'observed',
  telling: { ...outage('n1').telling, lost: 'power lost' },
} as const;

test.each([
  ['a cut under way', outage('node3'), 0, { label: 'Recovery', text: 'node3 · power' }],
  [
    'one that is over',
    outage('node3', { open: false }),
    0,
    { label: 'Last outage', text: 'node3 · power' },
  ],
  ['a pulled plug', outage('node3', pulled), 0, { label: '', text: 'node3 · power lost' }],
  [
    'a dead supply of all',
    outage('node3', { ...pulled, telling: { ...pulled.telling, lost: 'supply dead' } }),
    4,
    { label: '+4 more', text: 'node3' },
  ],
  ['one of several', outage('node3'), 2, { label: '+2 more', text: 'node3 · power' }],
])('the heading of %s leaves a short name whole', (_, one, more, expected) => {
  expect(heading(one, more, WIDTH)).toEqual(expected);
});

test('a name that is too long in any case is shortened in the middle', () => {
  const { label, text } = heading(outage('raspberrypi-cluster-rack-12'), 0, WIDTH);
  expect(label).toBe('');
  expect(text).toMatch(/^r.+….*12 · power$/);
});

test('without an outage there is only a label', () => {
  expect(heading(undefined, 0, WIDTH)).toEqual({ label: 'Recovery', text: '' });
});
