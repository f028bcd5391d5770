import { describe, expect, test } from 'vitest';
import { outage } from '../stage/fixtures';
import { howLost, whoDid } from './cause';

describe('a machine that nobody here cut', () => {
  const seen = (cause: string | null, clocked = 'sensor', feed = 'power') =>
    outage('n1', { origin: 'observed', cause, clocked, feed });

  test.each([
    [seen('hand'), 'power lost', 'a hand, or a loose cable'],
    [seen('hand', 'sensor', 'network'), 'link lost', 'a hand, or a loose cable'],
    [seen('supply'), 'supply dead', 'its supply is dead'],
    [seen('switched'), 'switched off', 'Somebody else switched'],
    [seen('fault', 'last sign'), 'silent', 'its power is on'],
    [seen('cut-short', 'last sign'), 'silent', 'given up half-way'],
    [seen(null, 'last sign'), 'silent', 'a hand, or a fault'],
  ])('is said to be lost as far as sensors tell', (one, word, who) => {
    expect(howLost(one)).toBe(word);
    expect(whoDid(one)).toContain(who);
  });
});
