import { describe, expect, test } from 'vitest';
import { bars, called, expected, kept, spans, worst } from './availability';
import { outage, service } from './fixtures';

const NOW = 1000;

test('a span lasts until the next change, and the last one until now', () => {
  const one = service([
    [900, 10, 10],
    [980, 8, 10],
    [990, 10, 10],
  ]);
  expect(spans(one, NOW)).toEqual([
    { from: 940, to: 980, missing: 0 },
    { from: 980, to: 990, missing: 0.2 },
    { from: 990, to: 1000, missing: 0 },
  ]);
});

test('what nobody saw is not drawn', () => {
  const one = service([
    [900, 10, 10],
    [980, 8, 10],
  ]);
  expect(spans(one, NOW, 990).at(-1)).toEqual({ from: 980, to: 990, missing: 0.2 });
  expect(spans(one, NOW, 930)).toEqual([]);
});

test('a failure that lasted a moment is wide enough to be seen', () => {
  const one = service([
    [900, 10, 10],
    [980, 9, 10],
    [980.01, 10, 10],
  ]);
  expect(bars(one, NOW, 1200)[1]!.w).toBeGreaterThanOrEqual(5);
});

describe('the service that is shown', () => {
  const calm = service([[0, 20, 20]], { name: 'big' });
  const small = service([[0, 3, 3]], { name: 'small' });
  const hit = service([[990, 1, 3]], { name: 'hit' });
  const empty = service([[0, 0, 0]], { name: 'empty' });

  test('is the largest while all is well', () => {
    expect(worst([small, calm, empty], NOW)?.name).toBe('big');
  });

  test('is the one that misses most', () => {
    expect(worst([small, calm, hit], NOW)?.name).toBe('hit');
  });

  test('is none without endpoints', () => {
    expect(worst([empty], NOW)).toBeUndefined();
  });
});

test('pods that were given up are missed until others have taken their place', () => {
  const one = service([
    [900, 10, 10],
    [970, 8, 10],
    [972, 8, 8],
    [973, 10, 10],
  ]);
  const totals = (open: boolean) =>
    expected(one, [outage('n1', { t0: 960, open })]).history.map(([, , total]) => total);
  expect(totals(true)).toEqual([10, 10, 10, 10]);
  expect(totals(false)).toEqual([10, 10, 8, 10]);
});

describe('the service that is kept', () => {
  const calm = service([[0, 20, 20]], { name: 'big' });
  const small = service([[0, 3, 3]], { name: 'small' });
  const hit = service([[990, 1, 3]], { name: 'hit' });

  test('is the one that is shown, until another misses more', () => {
    expect(kept([calm, small], NOW, '')?.name).toBe('big');
    expect(kept([calm, small], NOW, 'shop/small')?.name).toBe('small');
    expect(kept([calm, small, hit], NOW, 'shop/small')?.name).toBe('hit');
    expect(kept([calm, small], NOW, 'shop/gone')?.name).toBe('big');
  });

  test('is called with its namespace where its name is not enough', () => {
    const twin = service([[0, 3, 3]], { name: 'big', namespace: 'test' });
    expect(called(calm, [calm, small])).toBe('big');
    expect(called(calm, [calm, twin])).toBe('shop/big');
  });
});
