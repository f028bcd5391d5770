import { expect, test } from 'vitest';
import { ems } from './text-metrics';
import { halves, shorten } from './shorten';

const NAMES = Array.from({ length: 12 }, (_, at) => `raspberrypi-cluster-rack-${at + 1}`);

test('names that differ at their end differ when they are shortened', () => {
  for (const room of [6, 8, 12]) {
    const short = NAMES.map((name) => shorten(name, room, ems));
    expect(new Set(short).size).toBe(NAMES.length);
    for (const one of short) expect(ems(one)).toBeLessThanOrEqual(room);
  }
});

test('what has room stays whole', () => {
  expect(shorten('node3', 8, ems)).toBe('node3');
  expect(shorten(NAMES[0]!, 100, ems)).toBe(NAMES[0]);
});

test('its two parts are the whole name', () => {
  for (const name of [...NAMES, 'node3', '']) expect(halves(name).join('')).toBe(name);
  expect(halves('node3')[1]).toBe('');
});
