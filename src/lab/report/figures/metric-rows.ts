// A metric of every arm in rows: what a scenario without a number in its sweep is drawn as.
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Run } from '../../terms/result.ts';
import { countText, grouped } from '../data/series.ts';
import { BOUND_COLOUR } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { metricScale, plotted, plottedText } from '../drawing/metric-axis.ts';
import {
  BAND_KEY,
  drawRows,
  type Row,
  type RowPoint,
  rowsTop,
  shortened,
} from '../drawing/rows.ts';
import { runTitle } from '../drawing/run-marks.ts';
import type { ArmRuns, Scene } from '../drawing/scene.ts';
import { pointText } from '../words/point-text.ts';

/** Letters of an arm's name that fit beside its point. */
const ARM_LETTERS = 22;

export interface MetricRowsFigure {
  readonly metric: MetricName;
  readonly title: string;
  /** The observation that would prove the point wrong. */
  readonly caption: string;
  /** Text to the right of an arm's row. */
  readonly note?: (run: Run) => string;
  readonly band?: readonly [number, number];
}

function rowPoints(runs: readonly Run[], metric: MetricName): RowPoint[] {
  const text = plottedText(metric);
  return runs.flatMap((run): RowPoint[] => {
    const value = plotted(metric, run);
    if (value === undefined) return [];
    const title = runTitle({ run, x: 0, y: value }, text);
    return [{ value, title, hollow: run.verdict.state !== 'valid' }];
  });
}

/** One row an arm, and one for each point where something is swept. */
export function metricRows(
  arms: readonly ArmRuns[],
  { metric, note, band }: Pick<MetricRowsFigure, 'metric' | 'note' | 'band'>,
): Row[] {
  const isSwept =
    new Set(arms.flatMap(({ runs }) => runs.map(({ point }) => pointText(point)))).size > 1;
  return arms.flatMap(({ style, runs }) =>
    [...grouped(runs, ({ point }) => pointText(point))].flatMap(([where, there]): Row[] => {
      const points = rowPoints(there, metric);
      const first = there[0];
      if (points.length === 0 || !first) return [];
      const name = isSwept ? `${shortened(style.label, ARM_LETTERS)}, ${where}` : style.label;
      return [
        {
          name,
          style,
          points,
          ...(metric === 'makespanMs' && first.boundMs > 0 ? { bound: first.boundMs / 1000 } : {}),
          ...(note ? { note: note(first) } : {}),
          ...(band ? { band } : {}),
        },
      ];
    }),
  );
}

export function metricRowsFigure(scene: Scene, options: MetricRowsFigure): Markup[] {
  const { metric, title, caption } = options;
  const rows = metricRows(scene.arms, options);
  if (rows.length === 0) return [];
  const isBounded = rows.some(({ bound }) => bound !== undefined);
  const svg = drawRows(`${METRICS[metric].text} of each arm, every run`, rows, {
    x: metricScale(metric, rowsTop(rows)),
    keys: [
      ...(isBounded
        ? [{ text: 'bound: what theory allows at best', colour: BOUND_COLOUR, glyph: '\u2506' }]
        : []),
      ...(options.band ? [BAND_KEY] : []),
    ],
  });
  return [figure(title, svg, `${rowsText(rows)} ${caption}`)];
}

/** The start of a caption. */
export function rowsText(rows: readonly Row[]): string {
  const counts = countText(rows.map(({ points }) => points.length));
  const all = rows.flatMap(({ points }) => points);
  const never = all.some(({ value }) => value === null);
  const hollow = all.some((point) => point.hollow && point.value !== null);
  return `Every point is one run with fresh processes (${counts} in each row), the stroke their median.${
    never ? ' A cross at the right: it never came to that.' : ''
  }${hollow ? ' Hollow: a run that is not valid.' : ''}`;
}
