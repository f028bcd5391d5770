import { describe, expect, test } from 'vitest';
import { flags } from './timeline-labels';
import { ems } from '../lib/text-metrics';
import { outage } from './fixtures';

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
      'Power cut: n1',
      'NotReady',
      'Evicting',
      'Recovered',
      'Power on',
    ]);
  });

  test('are named as soon as they stand there', () => {
    const now = 1000;
    expect(texts(now, outage('n1', { t0: now }))).toEqual(['Power cut: n1']);
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

  test('name the machine as soon as another one’s outage stands there', () => {
    const first = outage('n1', { t0: 950, milestones });
    const second = outage('n2', { t0: 960, milestones: { cut: 0, not_ready: 7 } });
    expect(shown(1000, first, second).map((flag) => flag.text)).toEqual([
      'Power cut: n1',
      'NotReady', // nothing else had happened then
      'Evicting',
      'Power cut: n2',
      'Recovered: n1',
      'NotReady: n2',
      'Power on: n1',
    ]);
  });

  test('of many outages at once do not cover each other, and none is cut at its end', () => {
    const long = (at: number) => `raspberrypi-cluster-rack-${at}`;
    const many = Array.from({ length: 12 }, (_, at) =>
      outage(long(at), { t0: 940 + at * 4, milestones: { cut: 0, not_ready: 3, recovered: 9 } }),
    );
    const labels = shown(1000, ...many).filter((flag) => flag.row !== null);
    expect(labels.length).toBeGreaterThan(5);
    for (const row of [0, 1]) {
      const spans = labels
        .filter((flag) => flag.row === row)
        .map(({ x, text, anchor }) => {
          const wide = ems(text) * FONT * 0.92;
          return anchor === 'start' ? [x, x + wide] : [x - wide, x];
        })
        .sort((a, b) => a[0]! - b[0]!);
      spans.slice(1).forEach((span, at) => expect(span[0]).toBeGreaterThan(spans[at]![1]!));
    }
    for (const { text } of labels) if (text.includes('…')) expect(text).toMatch(/k-\d+/);
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
    const cut = labels.find((flag) => flag.text === 'Network cut: n1')!;
    const back = labels.find((flag) => flag.text === 'n4 back')!;
    expect(cut.row).not.toBe(back.row);
    expect(cut.broken || back.broken).toBe(true);
  });
});
