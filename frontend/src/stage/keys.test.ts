import { expect, test } from 'vitest';
import { changeFor } from './keys';

test('Caps Lock and Shift change nothing', () => {
  for (const [small, large] of ['bB', 'lL', 'qQ'].map((pair) => [...pair]))
    expect(changeFor(large!, undefined)).toEqual(changeFor(small!, undefined));
  expect(changeFor('B', undefined)).toEqual({ blank: true });
});

test('a clicker turns scenes and blanks; its F5 and Esc do nothing here', () => {
  expect(changeFor('PageDown', undefined)).toEqual({ turn: 1 });
  expect(changeFor('PageUp', undefined)).toEqual({ turn: -1 });
  expect(changeFor('.', undefined)).toEqual({ blank: true });
  expect(changeFor('F5', undefined)).toBeNull();
  expect(changeFor('Escape', undefined)).toBeNull();
});
