// Values in rows: one row an arm (or whatever is named at the left), every run a point,
// the median a stroke, theory a dashed one. For what has no order to be a line over.
import * as Plot from '@observablehq/plot';
import { medianOf } from '../data/series.ts';
import type { ArmStyle } from './arm-style.ts';
import { LETTER_WIDTH } from './axis.ts';
import { BOUND_COLOUR, drawChart, FIGURE_WIDTH } from './chart.ts';
import type { Key } from './run-marks.ts';
import { keys, topOf } from './run-marks.ts';

export interface RowPoint {
  /** Null: it never came to that. */
  readonly value: number | null;
  readonly title: string;
  /** Drawn hollow: the run is not valid. */
  readonly hollow?: boolean;
}

export interface Row {
  readonly name: string;
  readonly style: Pick<ArmStyle, 'colour' | 'symbol'>;
  readonly points: readonly RowPoint[];
  /** The bound by theory. */
  readonly bound?: number;
  /** The range in which a claim wants the points. */
  readonly band?: readonly [number, number];
  /** Text to the right of the frame. */
  readonly note?: string;
}

export interface RowsOptions {
  readonly x: Plot.ScaleOptions;
  readonly keys?: readonly Key[];
}

/** Key of the band behind the points. */
export const BAND_KEY: Key = {
  text: 'what the claim allows',
  colour: BOUND_COLOUR,
  opacity: 0.35,
};

const ROW_HEIGHT = 38;
const NAME_WIDTH = 176;
/** A name of at most two lines. */
const MOST_LETTERS = 42;

export const shortened = (text: string, most = MOST_LETTERS): string =>
  text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;

interface Placed {
  readonly row: Row;
  /** Two rows may have one name; a place is one row's own. */
  readonly place: number;
}

interface PlacedPoint extends RowPoint, Placed {}

/** Range of the axis that all rows need. */
export const rowsTop = (rows: readonly Row[]): number =>
  topOf(
    rows.flatMap(({ points, bound, band }) => [
      ...points.map(({ value }) => value),
      bound ?? 0,
      band?.[1] ?? 0,
    ]),
  );

/** @param label what it shows, for people who cannot see it */
export function drawRows(label: string, rows: readonly Row[], options: RowsOptions): string {
  const placed: Placed[] = rows.map((row, place) => ({ row, place }));
  const points: PlacedPoint[] = placed.flatMap((at) =>
    at.row.points.map((point) => ({ ...point, ...at })),
  );
  const longest = Math.max(0, ...rows.map(({ name }) => shortened(name).length));
  const nameWidth = Math.min(NAME_WIDTH, longest * LETTER_WIDTH + 16);
  const top = options.keys?.length ? 32 : 12;
  const noteWidth = Math.max(0, ...rows.map(({ note = '' }) => note.length)) * LETTER_WIDTH;
  return drawChart(label, {
    width: FIGURE_WIDTH,
    height: rows.length * ROW_HEIGHT + top + 44,
    marginTop: top,
    marginBottom: 44,
    marginLeft: nameWidth,
    marginRight: noteWidth + 24,
    x: options.x,
    y: { type: 'band', domain: rows.map((_, place) => place), axis: null },
    marks: [
      ...keys(options.keys ?? [], -18),
      Plot.axisY({
        label: null,
        tickSize: 0,
        lineWidth: nameWidth / 15,
        tickFormat: (place: number) => shortened(rows[place]!.name),
      }),
      Plot.ruleX([0]),
      Plot.barX(
        placed.filter(({ row }) => row.band !== undefined),
        {
          y: 'place',
          x1: ({ row }: Placed) => row.band![0],
          x2: ({ row }: Placed) => row.band![1],
          fill: BOUND_COLOUR,
          fillOpacity: 0.2,
          title: ({ row }: Placed) =>
            `wanted: ${row.band!.map((end) => end.toFixed(2)).join(' to ')}`,
        },
      ),
      Plot.tickX(
        placed.filter(({ row }) => (row.bound ?? 0) > 0),
        {
          y: 'place',
          x: ({ row }: Placed) => row.bound!,
          stroke: BOUND_COLOUR,
          strokeWidth: 2,
          strokeDasharray: '4 3',
          title: ({ row }: Placed) => `bound of ${row.name}: ${row.bound!.toFixed(2)}`,
        },
      ),
      ...rows.flatMap((row, place) =>
        rowMarks(
          row,
          points.filter((point) => point.place === place),
          place,
        ),
      ),
      Plot.text(placed, {
        y: 'place',
        frameAnchor: 'right',
        textAnchor: 'start',
        dx: 10,
        text: ({ row }: Placed) => row.note ?? '',
        fill: 'currentColor',
      }),
    ],
  });
}

function rowMarks(
  { name, style, points }: Row,
  placed: readonly PlacedPoint[],
  place: number,
): Plot.Markish[] {
  const { colour, symbol } = style;
  const middle = medianOf(points.map(({ value }) => value));
  const there = placed.filter(({ value }) => value !== null);
  const channels = { x: 'value', y: 'place', title: 'title', symbol, r: 4.5 } as const;
  return [
    Plot.tickX(Number.isFinite(middle) && points.length > 1 ? [middle] : [], {
      x: (value: number) => value,
      y: () => place,
      stroke: colour,
      strokeWidth: 2,
      inset: 7,
      title: (value: number) => `${name}: median ${value.toFixed(2)}`,
    }),
    Plot.dot(
      there.filter(({ hollow }) => !hollow),
      { ...channels, fill: colour, stroke: 'var(--paper)' },
    ),
    Plot.dot(
      there.filter(({ hollow }) => hollow),
      { ...channels, fill: 'var(--paper)', stroke: colour, strokeWidth: 1.75 },
    ),
    Plot.text(
      placed.filter(({ value }) => value === null),
      {
        y: 'place',
        title: 'title',
        frameAnchor: 'right',
        text: () => '\u2715',
        fill: colour,
        fontWeight: 'bold',
      },
    ),
  ];
}
