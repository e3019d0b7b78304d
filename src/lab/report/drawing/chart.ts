// Plot, drawn into a document of its own: the figure comes out as inline SVG that
// needs no script. Colours are CSS variables, so that light, dark and print can differ.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { ArmStyle } from './arm-style.ts';

/** Theory is never drawn in the colour of a measurement. */
export const BOUND_COLOUR = 'var(--bound)';
export const BOUND_DASH = '5 4';
/** What the script of a run did. */
export const FAULT_COLOUR = 'var(--fault)';

/** Chosen: two figures side by side on a projector, one below the other on a phone. */
export const FIGURE_WIDTH = 560;
export const FIGURE_HEIGHT = 340;

interface Channels<T> {
  readonly x: (point: T) => number | string;
  readonly y: (point: T) => number;
  /** Text shown when a mouse rests on it. */
  readonly title: (point: T) => string;
}

/** Measured points of an arm, in its colour and shape. */
export function armDots<T>(
  { colour, symbol }: ArmStyle,
  points: readonly T[],
  channels: Channels<T>,
): Plot.Markish {
  return Plot.dot(points, { ...channels, symbol, r: 4.5, fill: colour, stroke: 'var(--paper)' });
}

/** Simulated ones: hollow. */
export function hollowDots<T>(
  { colour, symbol }: ArmStyle,
  points: readonly T[],
  channels: Channels<T>,
): Plot.Markish {
  return Plot.dot(points, {
    ...channels,
    symbol,
    r: 4.5,
    fill: 'var(--paper)',
    stroke: colour,
    strokeWidth: 1.75,
  });
}

/** A line of an arm through the points given, in their order. */
export function armLine<T>(
  { colour, dash }: ArmStyle,
  points: readonly T[],
  channels: Pick<Channels<T>, 'x' | 'y'>,
): Plot.Markish {
  return Plot.line(points, {
    ...channels,
    stroke: colour,
    strokeWidth: 1.75,
    ...(dash && { strokeDasharray: dash }),
  });
}

/** @param label what it shows, for people who cannot see it */
export function drawChart(label: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    width: FIGURE_WIDTH,
    height: FIGURE_HEIGHT,
    marginLeft: 52,
    marginRight: 24,
    marginBottom: 42,
    ariaLabel: label,
    style: { fontSize: '13px', fontFamily: 'inherit', overflow: 'visible' },
    ...options,
    document,
  });
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}
