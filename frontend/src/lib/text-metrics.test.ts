import { expect, test } from 'vitest';
import { ems } from './text-metrics';

test.each([
  ['storefront', 4.61],
  ['node-agent', 5.33],
  ['catalog', 3.45],
  ['Plug pulled: node3', 8.85],
  ['NO NETWORK', 6.66],
])('%s is as wide as it was measured, or a little more', (text, measured) => {
  expect(ems(text)).toBeGreaterThanOrEqual(measured);
  expect(ems(text)).toBeLessThan(measured * 1.1);
});
