import { describe, expect, it } from 'vitest';
import {
  boundLines,
  countText,
  medianLine,
  medianOf,
  type RunPoint,
  runsPerPoint,
} from '../../../../src/lab/report/data/series.ts';
import { sweptScale } from '../../../../src/lab/report/drawing/axis.ts';
import { placedNames } from '../../../../src/lab/report/drawing/fault-marks.ts';
import { spread, topOf } from '../../../../src/lab/report/drawing/run-marks.ts';
import type { Run } from '../../../../src/lab/terms/result.ts';
import { exampleRun } from '../figures/example.ts';

const KIB = 1024;
const at = (x: number, y: number | null, over: Partial<Run> = {}): RunPoint => ({
  run: exampleRun(over),
  x,
  y,
});

describe('medians', () => {
  it.each([
    ['of an odd number', [3, 1, 2], 2],
    ['of an even number', [1, 2], 1.5],
    ['count what never came as later than all others', [1, 2, null], 2],
    ['are not there where half never came', [1, null], Number.NaN],
    ['are not there of nothing', [], Number.NaN],
  ])('%s', (_, values, expected) => {
    expect(medianOf(values)).toBe(expected);
  });

  it('make a line, ascending, with a gap where there is none', () => {
    const points = [at(4, 8), at(2, 3), at(2, 5), at(8, null)];
    expect(medianLine(points)).toEqual([
      { x: 2, y: 4 },
      { x: 4, y: 8 },
      { x: 8, y: Number.NaN },
    ]);
  });
});

describe('bounds', () => {
  const line = (bounds: readonly number[], boundName = 'a bound'): RunPoint[] =>
    bounds.map((boundMs, i) => at(i + 1, 9, { boundMs, boundName }));

  it('are drawn once although arms share them, also over a part of the sweep', () => {
    const lines = boundLines([line([1000, 2000]), line([1000, 2000, 3000]), line([500, 500], 'b')]);
    expect(lines.map(({ name }) => name)).toEqual(['bound: a bound', 'bound: b']);
    expect(lines[0]!.points.at(-1)).toEqual({ x: 3, y: 3 });
  });

  it('have the name of their last point', () => {
    const points = [...line([1000]), at(2, 9, { boundMs: 900, boundName: 'another' })];
    expect(boundLines([points])[0]!.name).toBe('bound: another');
  });

  it.each([
    ['where theory has no word', line([0, 0])],
    ['of a single point', line([1000])],
    ['of nothing', []],
  ])('are left out %s', (_, points) => {
    expect(boundLines([points])).toEqual([]);
  });
});

describe('counts of runs', () => {
  it.each([
    [[2, 2], '2'],
    [[5, 2, 3], '2 to 5'],
    [[], '0'],
  ])('%j are %s', (counts, text) => {
    expect(countText(counts)).toBe(text);
  });

  it('are of one place of one series', () => {
    const a = at(1, 1, { id: 'a' });
    expect(runsPerPoint([[a, a, at(1, 2, { id: 'b' })], [at(1, 1, { id: 'c' })]])).toBe('1 to 2');
  });
});

describe('an axis of sizes', () => {
  const lengths = [16, 32, 64, 128, 256, 512, 1024, 2048].map((length) => length * KIB);
  const texts = (width: number): string[] => {
    const { ticks, tickFormat } = sweptScale('pieceLength', lengths, width);
    return (ticks as number[]).map(tickFormat as (value: number) => string);
  };

  it('has every doubling where there is room, else every second', () => {
    expect(texts(500)).toHaveLength(8);
    expect(texts(320)).toEqual(['16 KiB', '64 KiB', '256 KiB', '1 MiB']);
    expect(texts(10)).toEqual(['16 KiB']);
  });

  it.each([
    ['receivers', [1, 2, 4], 'log'],
    ['riderShare', [0, 0.5], 'linear'],
    // Nothing doubles from 0.
    ['receivers', [0, 2], 'linear'],
    ['attackers', [3], 'linear'],
    ['fileBytes', [], 'log'],
  ])('of %s %j is %s and has some width', (key, values, type) => {
    const scale = sweptScale(key, values, 400);
    const [low, high] = scale.domain as [number, number];
    expect(scale.type).toBe(type);
    expect(high).toBeGreaterThan(low);
  });
});

describe('names of lines', () => {
  const slot = (middle: number) => ({ at: middle, height: 16 });

  it.each([
    ['stay where they do not touch', [20, 100], [20, 100]],
    ['move apart', [50, 50], [50, 66]],
    ['stay within the frame', [-5, 198], [8, 192]],
    ['keep their order from the bottom up', [199, 199], [176, 192]],
  ])('%s', (_, wanted, expected) => {
    expect(spread(wanted.map(slot), 200)).toEqual(expected);
  });
});

describe('names of faults', () => {
  const fault = (what: string, atMs: number, node: string | null = 'hub-2') => ({
    text: 'in full',
    do: what,
    node,
    atMs,
  });
  const texts = (...faults: ReturnType<typeof fault>[]) =>
    placedNames(faults, { end: 10, width: 400 }).map(({ text, anchor }) => `${anchor} ${text}`);

  it.each([
    ['stand to the right', [fault('kill', 1000)], ['start \u2715 kill hub-2']],
    ['near the end to the left', [fault('kill', 9900)], ['end \u2715 kill hub-2']],
    [
      'of one moment are counted',
      [fault('kill', 1000), fault('kill', 1010), fault('kill', 1020)],
      ['start \u2715 kill 3 nodes'],
    ],
    [
      'are left out where they would cover another',
      [fault('split', 1000, null), fault('join', 1200, null)],
      ['start \u2715 split'],
    ],
    ['are none of none', [], []],
  ])('%s', (_, faults, expected) => {
    expect(texts(...faults)).toEqual(expected);
  });
});

it.each([
  [[1, 2], 2 * 1.08],
  [[null, Number.NaN, 4], 4 * 1.08],
  [[], 1],
  [[0], 1],
])('an axis from 0 that holds %j ends at %d', (values, top) => {
  expect(topOf(values)).toBeCloseTo(top);
});
