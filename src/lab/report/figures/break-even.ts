// Where does the swarm lose? Receivers by size of the file, the ratio of the makespans in
// each cell, and the line on which both take as long.
import * as Plot from '@observablehq/plot';
import type { Cell, Comparison, ScenarioResult } from '../../result.ts';
import { timesText } from '../../words.ts';
import { drawChart } from '../chart.ts';
import { figure } from '../figure.ts';
import type { Markup } from '../html.ts';
import { keyAxis, scalarText } from '../point-text.ts';
import { KEYS_DY, KEYS_TOP, keys } from '../run-marks.ts';
import { ascending, countText } from '../series.ts';

/** Places count from 0 along each axis. */
interface GridCell {
  readonly i: number;
  readonly j: number;
  /** Makespan of the server over that of the swarm; null where it is not known. */
  readonly ratio: number | null;
  readonly pairs: number;
}

export interface Grid {
  readonly receivers: readonly number[];
  readonly fileBytes: readonly number[];
  readonly cells: readonly GridCell[];
}

interface Found {
  readonly receivers: number;
  readonly fileBytes: number;
  readonly ratio: number | null;
  readonly pairs: number;
}

const architectureOf = ({ scenario }: ScenarioResult, arm: string): string | undefined =>
  scenario.arms.find(({ id }) => id === arm)?.architecture;

const at = ({ point }: Pick<Cell, 'point'>): { receivers: unknown; fileBytes: unknown } => ({
  receivers: point.receivers,
  fileBytes: point.fileBytes,
});

/** Of server over swarm, whichever way round it was compared. */
function found(result: ScenarioResult, comparison: Comparison): Found[] {
  const { arm, against, ratio, pairs } = comparison;
  const { receivers, fileBytes } = at(comparison);
  const pair = `${architectureOf(result, arm)}/${architectureOf(result, against)}`;
  if (typeof receivers !== 'number' || typeof fileBytes !== 'number') return [];
  const place = { receivers, fileBytes, pairs };
  const median = ratio?.median ?? null;
  if (pair === 'server/swarm') return [{ ...place, ratio: median }];
  if (pair === 'swarm/server') return [{ ...place, ratio: median === null ? null : 1 / median }];
  return [];
}

export function gridOf(result: ScenarioResult): Grid {
  const all = result.comparisons.flatMap((comparison) => found(result, comparison));
  const receivers = ascending(all.map((one) => one.receivers));
  const fileBytes = ascending(all.map((one) => one.fileBytes));
  const cells = all.map(({ ratio, pairs, ...place }) => ({
    i: receivers.indexOf(place.receivers),
    j: fileBytes.indexOf(place.fileBytes),
    ratio,
    pairs,
  }));
  return { receivers, fileBytes, cells };
}

export interface Segment {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/**
 * Where the ratio is 1, between the middles of cells: by marching squares over its
 * logarithm, for which twice and half are equally far off. Where four cells leave it open
 * how the line runs, its two parts are cut off at the same pair of corners.
 */
export function breakEvenLine({ cells }: Grid): Segment[] {
  const value = (i: number, j: number): number | undefined => {
    const ratio = cells.find((cell) => cell.i === i && cell.j === j)?.ratio;
    return ratio == null || ratio <= 0 ? undefined : Math.log(ratio);
  };
  return cells.flatMap(({ i, j }) => {
    const corners = [
      [i, j],
      [i + 1, j],
      [i + 1, j + 1],
      [i, j + 1],
    ] as const;
    const values = corners.map(([x, y]) => value(x, y));
    if (values.some((corner) => corner === undefined)) return [];
    const crossings = corners.flatMap(([x, y], k) => {
      const [toX, toY] = corners[(k + 1) % 4]!;
      const [a, b] = [values[k]!, values[(k + 1) % 4]!];
      // 0 counts as won by the swarm, so that a line through a middle is found once.
      if (a >= 0 === b >= 0) return [];
      const part = a / (a - b);
      return [{ x: x + part * (toX - x), y: y + part * (toY - y) }];
    });
    return segments(crossings);
  });
}

function segments(crossings: readonly { x: number; y: number }[]): Segment[] {
  return Array.from({ length: crossings.length / 2 }, (_, k) => {
    const [a, b] = [crossings[2 * k]!, crossings[2 * k + 1]!];
    return { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
  });
}

/** A ratio of 8, either way, has the full colour. */
const FULL = Math.log(8);
const shadeOf = ({ ratio }: GridCell): number =>
  ratio === null ? 0 : 0.08 + 0.62 * Math.min(1, Math.abs(Math.log(ratio)) / FULL);

const SERVER = 'var(--server-1)';
const SWARM = 'var(--swarm-1)';

function cellTitle({ receivers, fileBytes }: Grid, { i, j, ratio, pairs }: GridCell): string {
  const where = `${receivers[i]} receivers, ${scalarText('fileBytes', fileBytes[j]!)}`;
  if (ratio === null) return `${where}: not known`;
  const who = ratio >= 1 ? 'swarm' : 'server';
  return `${where}: the ${who} is ${Math.max(ratio, 1 / ratio).toFixed(2)} times as fast (${pairs} pairs of runs)`;
}

const cellText = ({ ratio }: GridCell): string =>
  ratio === null ? '\u2013' : ratio < 9.95 ? ratio.toFixed(2) : timesText(ratio).slice(0, -1);

function draw(grid: Grid): string {
  const { receivers, fileBytes, cells } = grid;
  const ends = (values: readonly number[]): [number, number] => [-0.5, values.length - 0.5];
  const places = (values: readonly number[]): number[] => values.map((_, place) => place);
  return drawChart('Makespan of the server over that of the swarm, by receivers and file', {
    marginTop: KEYS_TOP,
    marginLeft: 72,
    x: {
      domain: ends(receivers),
      ticks: places(receivers),
      tickFormat: (i: number) => String(receivers[i]),
      tickSize: 0,
      label: keyAxis('receivers'),
    },
    y: {
      domain: ends(fileBytes),
      ticks: places(fileBytes),
      tickFormat: (j: number) => scalarText('fileBytes', fileBytes[j]!),
      tickSize: 0,
      label: keyAxis('fileBytes'),
    },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      ...keys(
        [
          { text: 'the swarm is faster', colour: SWARM, opacity: 0.7 },
          { text: 'the server is', colour: SERVER, opacity: 0.7 },
          { text: 'as fast as each other', colour: 'currentColor', glyph: '\u2501' },
        ],
        KEYS_DY,
      ),
      Plot.rect(cells, {
        x1: ({ i }) => i - 0.5,
        x2: ({ i }) => i + 0.5,
        y1: ({ j }) => j - 0.5,
        y2: ({ j }) => j + 0.5,
        inset: 1,
        fill: ({ ratio }) => (ratio !== null && ratio < 1 ? SERVER : SWARM),
        fillOpacity: shadeOf,
        title: (cell) => cellTitle(grid, cell),
      }),
      Plot.link(breakEvenLine(grid), {
        x1: 'x1',
        y1: 'y1',
        x2: 'x2',
        y2: 'y2',
        stroke: 'currentColor',
        strokeWidth: 2.5,
        strokeLinecap: 'round',
        title: () => 'both take as long here',
      }),
      Plot.text(cells, {
        x: 'i',
        y: 'j',
        text: cellText,
        fill: 'currentColor',
        stroke: 'var(--paper)',
        strokeWidth: 5,
        fontSize: 14,
        title: (cell) => cellTitle(grid, cell),
      }),
    ],
  });
}

export function breakEvenFigures(result: ScenarioResult): Markup[] {
  const grid = gridOf(result);
  const known = grid.cells.filter(({ ratio }) => ratio !== null);
  if (known.length === 0) return [];
  return [
    figure(
      'Where does the swarm lose?',
      draw(grid),
      `In each cell: makespan of the server over that of the swarm, median of ${countText(known.map(({ pairs }) => pairs))} pairs of runs; above 1 the swarm is faster. The line is where both take as long, interpolated between cells. A map of one colour would mean that size and number do not matter.`,
    ),
  ];
}
