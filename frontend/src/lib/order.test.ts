import { expect, test } from 'vitest';
import { machine } from '../stage/fixtures';
import { inOrder, nth } from './order';

const names = (machines: ReturnType<typeof inOrder>) => machines.map(({ name }) => name);
const table = ['rack-b', 'master', 'rack-a'].map((name, at) =>
  machine(name, { place: at + 1, guarded: name === 'master' ? 'control plane' : '' }),
);

test('machines stand as the configuration lists them, and after them the other nodes', () => {
  const others = ['n10', 'n2'].map((name) => machine(name));
  expect(names(inOrder([...others, ...[...table].reverse()]))).toEqual([
    'rack-b',
    'master',
    'rack-a',
    'n2',
    'n10',
  ]);
});

test('names that are numbers do not come first', () => {
  const state = { b: machine('b', { place: 1 }), '7': machine('7', { place: 2 }) };
  expect(names(inOrder(Object.values(state)))).toEqual(['b', '7']);
});

test('a digit means the machine in that place, whether or not another one is never cut', () => {
  expect(nth(table, 3)?.name).toBe('rack-a');
  expect(nth(table, 2)?.name).toBe('master');
  expect(nth(table, 4)).toBeUndefined();
});
