// A metric over a swept setting, one line an arm: what any scenario with a number in its
// sweep is drawn as when nothing more fitting is known.
import * as Plot from '@observablehq/plot';
import { METRICS, type MetricName } from '../../terms/metric.ts';
import type { Run } from '../../terms/result.ts';
import type { SettingKey } from '../../terms/setting.ts';
import { boundLines, type NamedLine, type RunPoint, runsPerPoint } from '../data/series.ts';
import { sweptScale } from '../drawing/axis.ts';
import { drawChart, FIGURE_WIDTH } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { metricScale, plotted, plottedText } from '../drawing/metric-axis.ts';
import {
  NAMES_WIDTH,
  NEVER_ROOM,
  runDots,
  runMedians,
  theoryLines,
  topOf,
} from '../drawing/run-marks.ts';
import { type Scene, stylesOf } from '../drawing/scene.ts';
import { keyAxis } from '../words/point-text.ts';

const HEIGHT = 340;
const TOP = 22;
const BOTTOM = 42;
const LEFT = 56;

export interface SweepFigure {
  readonly key: SettingKey;
  readonly metric: MetricName;
  readonly title: string;
  /** The observation that would prove the point wrong. */
  readonly caption: string;
  /** Pixels between arms whose points would cover each other. */
  readonly apart?: number;
  /** Theory beside the bounds of the runs. */
  readonly curves?: readonly NamedLine[];
  readonly marks?: readonly Plot.Markish[];
}

/** Places a run by the setting that it had: an arm may fix a setting that is swept. */
export const sweptPoints = (
  runs: readonly Run[],
  key: SettingKey,
  metric: MetricName,
): RunPoint[] =>
  runs.flatMap((run) => {
    const [x, y] = [run.setting[key], plotted(metric, run)];
    return typeof x === 'number' && y !== undefined ? [{ run, x, y }] : [];
  });

export function sweepFigure(scene: Scene, options: SweepFigure): Markup[] {
  const { key, metric, title, caption, apart = 0 } = options;
  const arms = scene.arms
    .map(({ style, runs }) => ({ style, points: sweptPoints(runs, key, metric) }))
    .filter(({ points }) => points.length > 0);
  const series = arms.map(({ points }) => points);
  const all = series.flat();
  if (all.length === 0) return [];
  const bounds = metric === 'makespanMs' ? boundLines(series) : [];
  const theory = [...(options.curves ?? []), ...bounds];
  const right = theory.length > 0 ? NAMES_WIDTH : 24;
  const top = topOf(
    [...all, ...theory.flatMap(({ points }) => points)].map(({ y }) => y),
    all.some(({ y }) => y === null) ? NEVER_ROOM : undefined,
  );
  const dxOf = dodge(series, apart);
  const width = FIGURE_WIDTH - LEFT - right;
  const svg = drawChart(`${METRICS[metric].text} over ${keyAxis(key)}, every run`, {
    height: HEIGHT,
    marginTop: TOP,
    marginLeft: LEFT,
    marginRight: right,
    x: sweptScale(
      key,
      all.map(({ x }) => x),
      width,
    ),
    y: metricScale(metric, top),
    marks: [
      Plot.ruleY([0]),
      ...theoryLines(theory, { top, height: HEIGHT - TOP - BOTTOM }),
      ...(options.marks ?? []),
      ...arms.flatMap(({ style, points }, i) => [
        runMedians(style, points),
        ...runDots(style, points, {
          text: plottedText(metric),
          dx: dxOf(i),
        }),
      ]),
    ],
  });
  const kept = stylesOf(scene).filter((style) => arms.some((arm) => arm.style === style));
  return [
    figure(
      title,
      svg,
      `${runsText(series)} ${neverText(all)}${theoryText(bounds)}${caption}`,
      kept,
    ),
  ];
}

/** Pixels to the right for each series that shares its places with others. */
function dodge(series: readonly (readonly RunPoint[])[], apart: number): (index: number) => number {
  const shared = series.flatMap((points, i) =>
    new Set(points.map(({ x }) => x)).size > 1 ? [i] : [],
  );
  return (index) => {
    const rank = shared.indexOf(index);
    return rank < 0 ? 0 : (rank - (shared.length - 1) / 2) * apart;
  };
}

const runsText = (series: readonly (readonly RunPoint[])[]): string =>
  `Every point is one run with fresh processes (${runsPerPoint(series)} in each place), lines join medians.`;

export function neverText(points: readonly RunPoint[]): string {
  const hollow = points.some(({ run, y }) => y !== null && run.verdict.state !== 'valid');
  const never = points.some(({ y }) => y === null);
  return `${never ? 'A cross at the top: it never came to that. ' : ''}${hollow ? 'Hollow: a run that is not valid. ' : ''}`;
}

const theoryText = (bounds: readonly NamedLine[]): string =>
  bounds.length > 0 ? 'Bounds: what theory allows at best; a point below it would be a leak. ' : '';
