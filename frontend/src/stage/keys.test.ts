import { expect, test } from 'vitest';
import { changeFor } from './keys';

test('a clicker turns scenes and blanks; its F5 and Esc do nothing here', () => {
  expect(changeFor('PageDown', undefined)).toEqual({ turn: 1 });
  expect(changeFor('PageUp', undefined)).toEqual({ turn: -1 });
  expect(changeFor('.', undefined)).toEqual({ blank: true });
  expect(changeFor('F5', undefined)).toBeNull();
  expect(changeFor('Escape', undefined)).toBeNull();
});
