import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breakEvenLine,
  type Grid,
  gridOf,
} from '../../../../src/lab/report/figures/break-even-grid.ts';
import type { Comparison } from '../../../../src/lab/terms/result.ts';
import { scenarioResultOf } from './example.ts';

const KIB = 1024;

const compared = (
  receivers: number,
  fileBytes: number,
  median: number | null,
  over: Partial<Comparison> = {},
): Comparison => ({
  arm: 'swarm',
  against: 'server',
  point: { receivers, fileBytes },
  pairs: 2,
  ratio: median === null ? null : { median, min: median, max: median, interval: null },
  ...over,
});

describe('the break-even map', () => {
  it('has the server over the swarm in each cell, whichever way round it was compared', () => {
    const grid = gridOf(
      scenarioResultOf('small', {
        comparisons: [
          compared(2, 256 * KIB, 0.5),
          compared(1, 256 * KIB, null),
          compared(1, 64 * KIB, 0.25, { arm: 'server', against: 'swarm' }),
        ],
      }),
      'swarm',
    );
    expect(grid).toEqual({
      receivers: [1, 2],
      fileBytes: [64 * KIB, 256 * KIB],
      cells: [
        { i: 1, j: 1, ratio: 2, pairs: 2 },
        { i: 0, j: 1, ratio: null, pairs: 2 },
        { i: 0, j: 0, ratio: 0.25, pairs: 2 },
      ],
    });
  });

  it.each([
    ['arms of one architecture', { against: 'swarm' }],
    ['arms that are not there', { arm: 'other' }],
    ['points without a number of receivers', { point: { fileBytes: KIB } }],
    ['points without a file', { point: { receivers: 1, fileBytes: 'large' } }],
  ])('leaves out %s', (_, over) => {
    const comparisons = [compared(1, KIB, 2, over)];
    expect(gridOf(scenarioResultOf('small', { comparisons }), 'swarm').cells).toEqual([]);
  });
});

/** By rows from the smallest file up, each by receivers. */
const gridWith = (rows: readonly (readonly (number | null)[])[]): Grid => ({
  receivers: rows[0]!.map((_, i) => 2 ** i),
  fileBytes: rows.map((_, j) => KIB * 4 ** j),
  cells: rows.flatMap((row, j) => row.map((ratio, i) => ({ i, j, ratio, pairs: 2 }))),
});

describe('the break-even line', () => {
  it.each([
    [
      'half way between twice and half',
      [
        [0.5, 2],
        [0.5, 2],
      ],
      [{ x1: 0.5, y1: 0, x2: 0.5, y2: 1 }],
    ],
    [
      'nearer to the closer ratio',
      [
        [0.5, 0.5],
        [8, 8],
      ],
      [{ x1: 1, y1: 0.25, x2: 0, y2: 0.25 }],
    ],
    [
      'round a corner',
      [
        [0.5, 2],
        [2, 2],
      ],
      [{ x1: 0.5, y1: 0, x2: 0, y2: 0.5 }],
    ],
    [
      'in two parts through a saddle',
      [
        [0.5, 2],
        [2, 0.5],
      ],
      [
        { x1: 0.5, y1: 0, x2: 1, y2: 0.5 },
        { x1: 0.5, y1: 1, x2: 0, y2: 0.5 },
      ],
    ],
    ['nowhere where one is always faster', [[2, 3]], []],
    [
      'nowhere beside what is not known',
      [
        [0.5, 2],
        [null, 2],
      ],
      [],
    ],
    ['nowhere of nothing', [[]], []],
  ])('runs %s', (_, rows, expected) => {
    const line = breakEvenLine(gridWith(rows));
    expect(line).toHaveLength(expected.length);
    expected.forEach((segment, i) => {
      for (const [key, value] of Object.entries(segment)) {
        expect(line[i]![key as keyof typeof segment]).toBeCloseTo(value);
      }
    });
  });

  it('stays between cells that a different one wins', () => {
    const ratio = fc.double({ min: 0.05, max: 20, noNaN: true });
    const rows = fc.array(fc.array(ratio, { minLength: 4, maxLength: 4 }), {
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(rows, (given) => {
        const grid = gridWith(given);
        const wins = (i: number, j: number): boolean => given[j]![i]! >= 1;
        for (const { x1, y1, x2, y2 } of breakEvenLine(grid)) {
          for (const [x, y] of [
            [x1, y1],
            [x2, y2],
          ] as const) {
            // Each end lies on the line between two neighbours.
            const low = wins(Math.floor(x), Math.floor(y));
            const high = wins(Math.ceil(x), Math.ceil(y));
            const isOnCell = Number.isInteger(x) && Number.isInteger(y);
            expect(isOnCell || low !== high).toBe(true);
          }
        }
      }),
    );
  });
});
