import { describe, expect, test } from 'vitest';
import { arrange, countsOnly, gridFor, sizeOf, spot } from './layout';
import { ems } from '../lib/text-metrics';

const names = (number: number) =>
  Array.from({ length: number }, (_, at) => ({ name: `node${at + 1}`, slim: false }));
const wanted = (capacity: number) => ({ capacity, counts: false, label: 5 });

test.each([
  [1280, 720],
  [1920, 1080],
  [3840, 2160],
  [1024, 768],
  [2560, 1080],
])('a window of %i × %i shows at least 1920 × 1080', (w, h) => {
  const size = sizeOf(w, h);
  expect(size.width).toBeGreaterThanOrEqual(1920 - 0.01);
  expect(size.height).toBeGreaterThanOrEqual(1080 - 0.01);
});

test.each([1, 3, 5, 7, 8, 12, 14, 20])('%i machines stand side by side and inside', (number) => {
  const layout = arrange(sizeOf(1920, 1080), names(number), wanted(8));
  const boxes = [...layout.cards.values()].map((card) => card.box);
  expect(boxes).toHaveLength(number);
  for (const box of boxes) {
    expect(box.x).toBeGreaterThanOrEqual(layout.machines.x);
    expect(box.x + box.w).toBeLessThanOrEqual(layout.machines.x + layout.machines.w + 0.01);
    expect(box.y + box.h + layout.parts.sockets + layout.parts.news).toBeLessThanOrEqual(
      layout.strip.y,
    );
  }
  boxes.forEach((a, at) => {
    for (const b of boxes.slice(at + 1)) expect(a.x + a.w <= b.x || a.y + a.h <= b.y).toBe(true);
  });
});

describe('a grid', () => {
  const room = { x: 0, y: 0, w: 210, h: 310 };

  test.each([4, 8, 10, 20, 40, 50])('for %i pods names them', (capacity) => {
    expect(gridFor(room, wanted(capacity)).density).toBe('labels');
  });

  test.each([100, 150, 200])('for %i pods shows their states', (capacity) => {
    expect(gridFor(room, wanted(capacity)).density).toBe('icons');
  });

  test.each([4, 10, 40, 100, 150, 200])('for %i pods stays within its room', (capacity) => {
    const grid = gridFor(room, wanted(capacity));
    const rows = Math.ceil(capacity / grid.columns);
    expect(rows * (grid.tileH + grid.gap) - grid.gap).toBeLessThanOrEqual(room.h + 0.01);
    expect(grid.columns * (grid.tileW + grid.gap) - grid.gap).toBeLessThanOrEqual(room.w + 0.01);
  });
});

describe('in the demo', () => {
  const shelf = [...names(5), { name: 'master', slim: true }];
  const grid = (capacity: number, size = sizeOf(1920, 1080)) =>
    arrange(size, shelf, { capacity, counts: false, label: ems('node-agent') }).grid;

  test.each([8, 10])('names are read from the last row: %i pods a machine', (capacity) => {
    expect(grid(capacity).font).toBeGreaterThanOrEqual(27);
    expect(grid(capacity).columns).toBe(1);
  });

  test('they still are when an earlier outage left a machine empty', () => {
    expect(grid(12).font).toBeGreaterThanOrEqual(23);
  });
});

test('names are cut only where that makes them a lot larger', () => {
  const room = { x: 0, y: 0, w: 300, h: 140 };
  const grid = gridFor(room, { capacity: 10, counts: false, label: ems('storefront') });
  expect(grid.font * (2.05 + ems('storefront'))).toBeLessThanOrEqual(grid.tileW + 0.01);
});

test('above 150 pods a machine only counts are told, and a board does not flicker between both', () => {
  expect(countsOnly(150, null)).toBe(false);
  expect(countsOnly(151, null)).toBe(true);
  expect(countsOnly(180, false)).toBe(false);
  expect(countsOnly(140, true)).toBe(true);
});

test('a slot is found without measuring the page', () => {
  const layout = arrange(sizeOf(1920, 1080), names(3), wanted(8));
  const first = spot(layout, 'node2', 0)!;
  const card = layout.cards.get('node2')!;
  expect(first).toMatchObject({ x: card.pods.x, y: card.pods.y });
  expect(spot(layout, 'node2', 1)).not.toEqual(first);
  expect(spot(layout, 'elsewhere', 0)).toBeUndefined();
});
