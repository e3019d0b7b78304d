// Plot, drawn into a document of its own: the figure comes out as inline SVG that
// needs no script. What figures share stands here: runs as points with medians as lines,
// theory dashed and grey, names beside their lines that never cover each other.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { LETTER_WIDTH } from './axis.ts';
import type { NamedLine, RunPoint, XY } from './series.ts';
import { medianLine } from './series.ts';

/** Colour (a CSS variable) and shape of a series; both, for print and for the colour-blind. */
export interface Look {
  readonly colour: string;
  readonly symbol: Plot.Symbol;
}

/** Theory is never drawn in the colour of a measurement. */
export const BOUND_COLOUR = 'var(--bound)';
export const KILL_COLOUR = 'var(--kill)';
const DASHES = '5 4';

/** Chosen: two figures side by side on a projector, one below the other on a phone. */
export const FIGURE_WIDTH = 560;
export const FIGURE_HEIGHT = 340;
export const MARGIN = { top: 24, right: 24, bottom: 42, left: 52 } as const;
/** For names beside the ends of lines. */
export const NAMES_WIDTH = 128;
const LINE_HEIGHT = 16;

/** @param label what it shows, for those who cannot see it. */
export function drawChart(label: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    width: FIGURE_WIDTH,
    height: FIGURE_HEIGHT,
    marginTop: MARGIN.top,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    ariaLabel: label,
    style: { fontSize: '13px', fontFamily: 'inherit', overflow: 'visible' },
    ...options,
    document,
  });
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

/** The end of an axis that starts at 0 and holds all of this. */
export function topOf(values: readonly (number | null)[], room = 1.08): number {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  return Math.max(0, ...finite) * room || 1;
}

export interface DotOptions {
  readonly title: (point: RunPoint) => string;
  /** Pixels to the right, so that series do not cover each other. */
  readonly dx?: number;
  readonly fx?: (point: RunPoint) => string;
  /** Drawn as an outline. */
  readonly hollow?: boolean;
}

/** Every run: an outline where it is not valid, a cross at the top where it never came to it. */
export function runDots(
  { colour, symbol }: Look,
  points: readonly RunPoint[],
  { title, dx = 0, fx, hollow = false }: DotOptions,
): Plot.Markish[] {
  const facet = fx ? { fx } : {};
  const place = { x: 'x', dx, title, ...facet };
  const isFilled = ({ run }: RunPoint): boolean => !hollow && run.verdict.state === 'valid';
  const there = points.filter(({ y }) => y !== null);
  return [
    Plot.dot(there.filter(isFilled), {
      ...place,
      y: 'y',
      symbol,
      r: 4.5,
      fill: colour,
      stroke: 'var(--paper)',
    }),
    Plot.dot(
      there.filter((point) => !isFilled(point)),
      { ...place, y: 'y', symbol, r: 4, fill: 'var(--paper)', stroke: colour, strokeWidth: 2 },
    ),
    Plot.text(
      points.filter(({ y }) => y === null),
      { ...place, frameAnchor: 'top', text: () => '\u2715', fill: colour, fontWeight: 'bold' },
    ),
  ];
}

/** A run in words, for its point's hover text. */
export const runTitle = (
  { run, y }: Pick<RunPoint, 'run' | 'y'>,
  text: (value: number) => string,
): string =>
  `${run.id}: ${y === null ? 'never' : text(y)}${run.verdict.state === 'valid' ? '' : ` (${run.verdict.state})`}`;

export const runMedians = ({ colour }: Look, points: readonly RunPoint[]): Plot.Markish =>
  Plot.line(medianLine(points), { x: 'x', y: 'y', stroke: colour, strokeWidth: 2 });

export const theoryLine = ({ name, points }: NamedLine): Plot.Markish =>
  Plot.line(points, {
    x: 'x',
    y: 'y',
    stroke: BOUND_COLOUR,
    strokeWidth: 1.5,
    strokeDasharray: DASHES,
    title: () => name,
  });

export interface LineName {
  readonly text: string;
  readonly colour: string;
  /** The end of its line. */
  readonly at: XY;
  readonly theory?: boolean;
}

/** The last point of a line that is there. */
export const endOf = (points: readonly XY[]): XY | undefined =>
  points.findLast(({ y }) => Number.isFinite(y));

/**
 * Names to the right of the frame, moved up or down until none covers another.
 * @param top of the y axis, which starts at 0
 * @param height of the figure
 */
export function lineNames(
  names: readonly LineName[],
  top: number,
  height = FIGURE_HEIGHT,
): Plot.Markish[] {
  const inner = height - MARGIN.top - MARGIN.bottom;
  const heightOf = ({ text }: LineName): number =>
    LINE_HEIGHT * Math.ceil((text.length * LETTER_WIDTH) / (NAMES_WIDTH - 16));
  const wanted = names.map((name) => ({
    at: (1 - name.at.y / top) * inner,
    height: heightOf(name),
  }));
  const moved = spread(wanted, inner);
  return names.map(({ text, colour, theory }, i) =>
    Plot.text([text], {
      frameAnchor: 'right',
      // From the middle of the frame, since a name need not stand at its value.
      dy: moved[i]! - inner / 2,
      dx: NAMES_WIDTH - 118,
      textAnchor: 'start',
      text: (line: string) => line,
      fill: colour,
      lineWidth: (NAMES_WIDTH - 16) / 13,
      ...(theory ? { fontStyle: 'italic' } : { fontWeight: 'bold' }),
    }),
  );
}

interface Slot {
  /** Its middle. */
  readonly at: number;
  readonly height: number;
}

/** Middles that keep their order, stay near where they were wanted and do not overlap. */
export function spread(slots: readonly Slot[], room: number): number[] {
  const order = slots.map((_, i) => i).sort((a, b) => slots[a]!.at - slots[b]!.at);
  const middles = slots.map(({ at }) => at);
  let free = 0;
  for (const i of order) {
    const half = slots[i]!.height / 2;
    middles[i] = Math.max(middles[i]!, free + half);
    free = middles[i]! + half;
  }
  free = Math.max(room, slots.reduce((sum, { height }) => sum + height, 0));
  for (const i of order.reverse()) {
    const half = slots[i]!.height / 2;
    middles[i] = Math.min(middles[i]!, free - half);
    free = middles[i]! - half;
  }
  return middles;
}

export interface Key {
  readonly text: string;
  readonly colour: string;
  readonly opacity?: number;
  readonly mark?: string;
}

/** What colours mean, in a line above the frame. */
export function legend(keys: readonly Key[], dy = -12): Plot.Markish[] {
  let dx = 0;
  return keys.flatMap(({ text, colour, opacity = 1, mark = '\u25A0' }) => {
    const at = dx;
    dx += (text.length + 4) * LETTER_WIDTH;
    const place = { frameAnchor: 'top-left', facetAnchor: 'top-left', textAnchor: 'start' } as const;
    return [
      Plot.text([mark], { ...place, dx: at, dy, fill: colour, fillOpacity: opacity, fontSize: 16 }),
      Plot.text([text], { ...place, dx: at + 16, dy, fill: 'currentColor' }),
    ];
  });
}
