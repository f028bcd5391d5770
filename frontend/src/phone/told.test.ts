import { expect, test } from 'vitest';
import { told } from './told';

test.each([
  ['halted', 'HALT holds since 3 s, pressed by 10.0.0.7.', 'Release it.', 'Not now: HALT holds.'],
  ['code', 'That is not the code.', 'Type the new one.', 'That is not the code. Type the new one.'],
  ['max-off', 'Only 1 may be off.', 'curl …', 'Only 1 may be off.'],
])(
  'a refusal by the rule %s is told to whoever holds a phone',
  (rule, message, remedy, expected) => {
    expect(told({ rule, message, remedy })).toBe(expected);
  },
);
