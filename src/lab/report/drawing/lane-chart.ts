// A figure in lanes: one strip a series, all over the same time, named at the left.
import * as Plot from '@observablehq/plot';
import { LETTER_WIDTH } from './axis.ts';
import { drawChart, FIGURE_WIDTH } from './chart.ts';

export interface LanesOptions {
  /** The name of each, top down; no two alike. */
  readonly lanes: readonly string[];
  readonly laneHeight: number;
  /** Seconds at the right end. */
  readonly end: number;
  readonly y: Plot.ScaleOptions;
  /** Room for a line of keys above. */
  readonly top?: number;
}

const NAME_WIDTH = 156;
/** Names are bold. */
const BOLD_WIDTH = LETTER_WIDTH + 1.5;
const AXIS_WIDTH = 30;
const RIGHT = 24;

const namesWidth = (lanes: readonly string[]): number =>
  Math.min(NAME_WIDTH, Math.max(0, ...lanes.map(({ length }) => length)) * BOLD_WIDTH + 10);

/** Width of the frame, pixels, for callers that check whether a text fits. */
export const lanesWidth = (lanes: readonly string[]): number =>
  FIGURE_WIDTH - namesWidth(lanes) - AXIS_WIDTH - RIGHT;

/** @param label what it shows, for people who cannot see it */
export function drawLanes(
  label: string,
  { lanes, laneHeight, end, y, top = 14 }: LanesOptions,
  marks: readonly Plot.Markish[],
): string {
  const left = namesWidth(lanes);
  return drawChart(label, {
    height: lanes.length * laneHeight + top + 46,
    marginTop: top,
    marginLeft: left + AXIS_WIDTH,
    marginRight: RIGHT,
    x: { label: 'seconds after the go', domain: [0, end] },
    y: { ticks: 2, ...y, label: null },
    fy: { domain: [...lanes], padding: 0.16, label: null },
    marks: [
      Plot.axisFy({
        anchor: 'left',
        label: null,
        dx: -AXIS_WIDTH,
        lineWidth: left / 16,
        fontWeight: 'bold',
      }),
      Plot.ruleY([0], { strokeOpacity: 0.4 }),
      ...marks,
    ],
  });
}
