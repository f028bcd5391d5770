import { describe, expect, test } from 'vitest';
import { flags } from './flags';
import { outage } from './invented';

const WIDTH = 1352;
const FONT = 26;
const milestones = { cut: 0, not_ready: 7, evicting_first: 9, recovered: 11, restored: 40 };
const shown = (now: number, ...outages: ReturnType<typeof outage>[]) =>
  flags(outages, now, WIDTH, FONT);
const texts = (now: number, ...outages: ReturnType<typeof outage>[]) =>
  shown(now, ...outages)
    .filter((flag) => flag.row !== null)
    .map((flag) => flag.text);

describe('flags', () => {
  test('tell what happened, in order', () => {
    expect(texts(1000, outage('n1', { t0: 958, milestones }))).toEqual([
      'Plug pulled: n1',
      'NotReady',
      'Evicting',
      'All ready',
      'Plug back',
    ]);
  });

  test('are named as soon as they stand there', () => {
    const now = 1000;
    expect(texts(now, outage('n1', { t0: now }))).toEqual(['Plug pulled: n1']);
    const past = { not_ready: 7, evicting_first: 9, recovered: 11 };
    expect(texts(now, outage('n1', { t0: now - 11, milestones: past }))).toHaveLength(4);
  });

  test('keep their places while time goes on', () => {
    const ones = [outage('n1', { t0: 950, milestones }), outage('n2', { t0: 985 })];
    const places = (now: number) =>
      new Map(
        shown(now, ...ones)
          .filter((flag) => flag.row !== null)
          .map(({ text, row, anchor }) => [text, `${row} ${anchor}`]),
      );
    const later = places(1003);
    expect(later.size).toBeGreaterThan(2);
    for (const [text, place] of later) expect(places(992).get(text)).toBe(place);
  });

  test('do not cover each other', () => {
    const crowd = Array.from({ length: 6 }, (_, at) => outage(`n${at}`, { t0: 970 + at * 0.1 }));
    expect(texts(1000, ...crowd).length).toBeLessThan(5);
    expect(shown(1000, ...crowd)).toHaveLength(6);
  });

  test('are not written across the edges of the strip', () => {
    expect(texts(1000, outage('n1', { t0: 941 }))).toEqual([]);
    expect(shown(1000, outage('n1', { t0: 941 }))).toHaveLength(1);
  });

  test('whose pole would cross a label leave it out', () => {
    const before = outage('n4', { t0: 900, milestones: { restored: 60, rejoined: 70 } });
    const after = outage('n1', { t0: 973, feed: 'network' });
    const labels = shown(1000, before, after);
    const cut = labels.find((flag) => flag.text === 'Cable cut: n1')!;
    const back = labels.find((flag) => flag.text === 'n4 back')!;
    expect(cut.row).not.toBe(back.row);
    expect(cut.broken || back.broken).toBe(true);
  });
});
