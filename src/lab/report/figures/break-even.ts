// Where does the swarm lose, and where a hub that is a peer? Receivers by size of the file, the
// ratio of the makespans in each cell, and the line on which both take as long.
import * as Plot from '@observablehq/plot';
import { timesText } from '../../terms/amount-text.ts';
import type { ScenarioResult } from '../../terms/result.ts';
import { countText, type XY } from '../data/series.ts';
import { BOUND_COLOUR, BOUND_DASH, drawChart } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { KEYS_DY, KEYS_TOP, keys } from '../drawing/run-marks.ts';
import type { Scene } from '../drawing/scene.ts';
import { keyAxis, scalarText } from '../words/point-text.ts';
import {
  breakEvenLine,
  type Challenger,
  type Grid,
  type GridCell,
  gridOf,
} from './break-even-grid.ts';
import { predictedLine } from './break-even-theory.ts';

/** A ratio of 8, either way, has the full colour. */
const FULL = Math.log(8);
const shadeOf = ({ ratio }: GridCell): number =>
  ratio === null ? 0 : 0.08 + 0.62 * Math.min(1, Math.abs(Math.log(ratio)) / FULL);

const SERVER = 'var(--server-1)';

/** The challenger in a sentence. */
const TEXT: Readonly<Record<Challenger, string>> = {
  swarm: 'the swarm',
  hybrid: 'the hub that is a peer',
};

function cellTitle(
  challenger: Challenger,
  { receivers, fileBytes }: Grid,
  { i, j, ratio, pairs }: GridCell,
): string {
  const where = `${receivers[i]} receivers, ${scalarText('fileBytes', fileBytes[j]!)}`;
  if (ratio === null) return `${where}: not known`;
  const who = ratio >= 1 ? TEXT[challenger] : 'the server';
  return `${where}: ${who} is ${Math.max(ratio, 1 / ratio).toFixed(2)} times as fast (${pairs} pairs of runs)`;
}

const cellText = ({ ratio }: GridCell): string =>
  ratio === null ? '\u2013' : ratio < 9.95 ? ratio.toFixed(2) : timesText(ratio).slice(0, -1);

function draw(challenger: Challenger, grid: Grid, predicted: readonly XY[]): string {
  const { receivers, fileBytes, cells } = grid;
  const colour = `var(--${challenger}-1)`;
  const ends = (values: readonly number[]): [number, number] => [-0.5, values.length - 0.5];
  const places = (values: readonly number[]): number[] => values.map((_, place) => place);
  return drawChart(
    `Makespan of the server over that of ${TEXT[challenger]}, by receivers and file`,
    {
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
            { text: `${TEXT[challenger]} is faster`, colour, opacity: 0.7 },
            { text: 'the server is', colour: SERVER, opacity: 0.7 },
            { text: 'as fast as each other', colour: 'currentColor', glyph: '\u2501' },
            ...(predicted.length > 1
              ? [{ text: 'theory', colour: BOUND_COLOUR, glyph: '\u2505' }]
              : []),
          ],
          KEYS_DY,
        ),
        Plot.rect(cells, {
          x1: ({ i }) => i - 0.5,
          x2: ({ i }) => i + 0.5,
          y1: ({ j }) => j - 0.5,
          y2: ({ j }) => j + 0.5,
          inset: 1,
          fill: ({ ratio }) => (ratio !== null && ratio < 1 ? SERVER : colour),
          fillOpacity: shadeOf,
          title: (cell) => cellTitle(challenger, grid, cell),
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
        Plot.line(predicted, {
          x: 'x',
          y: 'y',
          stroke: BOUND_COLOUR,
          strokeWidth: 2,
          strokeDasharray: BOUND_DASH,
        }),
        Plot.text(cells, {
          x: 'i',
          y: 'j',
          text: cellText,
          fill: 'currentColor',
          stroke: 'var(--paper)',
          strokeWidth: 5,
          fontSize: 14,
          title: (cell) => cellTitle(challenger, grid, cell),
        }),
      ],
    },
  );
}

export const breakEvenFigures = (scene: Scene, result: ScenarioResult): Markup[] =>
  (['swarm', 'hybrid'] as const).flatMap((challenger) => mapOf(scene, result, challenger));

function mapOf(scene: Scene, result: ScenarioResult, challenger: Challenger): Markup[] {
  const grid = gridOf(result, challenger);
  const known = grid.cells.filter(({ ratio }) => ratio !== null);
  if (known.length === 0) return [];
  const predicted = predictedLine(scene, result, grid, challenger);
  return [
    figure(
      `Where does ${TEXT[challenger]} lose?`,
      draw(challenger, grid, predicted),
      `In each cell: makespan of the server over that of ${TEXT[challenger]}, median of ${countText(known.map(({ pairs }) => pairs))} pairs of runs; above 1 ${TEXT[challenger]} is faster. The line is where both take as long, interpolated between cells.${predicted.length > 1 ? ' Dashed: where theory has it, from both bounds and what starting cost at the smallest file.' : ''} A map of one colour would mean that size and number do not matter.`,
    ),
  ];
}
