import { expect, test } from 'vitest';
import { took } from './took';

test('a time that is not known exactly is told as what it lies between', () => {
  expect(took({ recovery_seconds: 13.24, recovery_at_least: null })).toBe('13.2');
  expect(took({ recovery_seconds: 20.13, recovery_at_least: 8 })).toBe('8.0 to 20.1');
  expect(took({ recovery_seconds: null, recovery_at_least: null })).toBe('');
});
