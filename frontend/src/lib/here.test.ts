import { afterEach, describe, expect, test, vi } from 'vitest';
import { here } from './here';

describe('an address of the server', () => {
  afterEach(() => vi.unstubAllGlobals());

  test.each([
    ['http://10.0.0.2:8080/', 'http://10.0.0.2:8080/api/state'],
    ['http://10.0.0.2:8080/console', 'http://10.0.0.2:8080/api/state'],
    ['https://example.org/chaos/', 'https://example.org/chaos/api/state'],
    ['https://example.org/chaos/play?code=KTX4P', 'https://example.org/chaos/api/state'],
  ])('keeps the prefix under which %s stands', (page, expected) => {
    vi.stubGlobal('location', new URL(page));
    expect(here('/api/state')).toBe(expected);
  });
});
