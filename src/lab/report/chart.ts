// Plot, drawn into a document of its own: the figure comes out as inline SVG that
// needs no script. Colour and shape belong to an arm, the same in every figure;
// colours are CSS variables, so that light, dark and print can differ.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { ArmName } from '../scenario.ts';

export interface ArmStyle {
  readonly label: string;
  readonly colour: string;
  /** Filled, and unlike the other without any colour. */
  readonly symbol: 'square' | 'circle';
}

export const ARM_STYLE: Readonly<Record<ArmName, ArmStyle>> = {
  server: { label: 'server', colour: 'var(--server)', symbol: 'square' },
  swarm: { label: 'swarm', colour: 'var(--swarm)', symbol: 'circle' },
};

/** Theory is never drawn in the colour of a measurement. */
export const BOUND_COLOUR = 'var(--bound)';

/** Chosen: two figures side by side on a projector, one below the other on a phone. */
export const FIGURE_WIDTH = 560;
const FIGURE_HEIGHT = 340;

/** One point set of an arm, in its colour and shape. */
export function armDots<T>(
  arm: ArmName,
  points: readonly T[],
  channels: { x: (point: T) => number; y: (point: T) => number; title: (point: T) => string },
): Plot.Markish {
  const { colour, symbol } = ARM_STYLE[arm];
  return Plot.dot(points, { ...channels, symbol, r: 4.5, fill: colour, stroke: 'var(--paper)' });
}

/** @param label what it shows, for those who cannot see it. */
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
