// Completion of each class of uplinks, one panel for each point of the sweep.
import * as Plot from '@observablehq/plot';
import { rateText, secondsText } from '../../terms/amount-text.ts';
import type { Run } from '../../terms/result.ts';
import { ascending, countText, grouped, medianOf } from '../data/series.ts';
import type { ArmStyle } from '../drawing/arm-style.ts';
import { drawChart, FIGURE_WIDTH } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { topOf } from '../drawing/run-marks.ts';
import { receiversOf, type Scene, stylesOf } from '../drawing/scene.ts';
import { pointText } from '../words/point-text.ts';

export interface ClassPoint {
  /** One panel, for one value that was swept. */
  readonly panel: string;
  /** Bytes per second. */
  readonly uplink: number;
  readonly seconds: number | null;
  readonly title: string;
}

/** Receivers without rate-limited links have no class. */
export const classPoints = (runs: readonly Run[]): ClassPoint[] =>
  runs.flatMap((run) =>
    receiversOf(run).flatMap(({ id, uplinkBytesPerSecond, completedMs }): ClassPoint[] =>
      uplinkBytesPerSecond === null
        ? []
        : [
            {
              panel: pointText(run.point),
              uplink: uplinkBytesPerSecond,
              seconds: completedMs === null ? null : completedMs / 1000,
              title: `${run.id}, ${id} with ${rateText(uplinkBytesPerSecond)}: ${completedMs === null ? 'never' : `${secondsText(completedMs)} s`}`,
            },
          ],
    ),
  );

/** Pixels between the arms in one class. */
const APART = 20;
/** Width of a stroke, pixels. */
const STROKE_WIDTH = 19;

function classMarks(
  style: ArmStyle,
  points: readonly ClassPoint[],
  { dx, inset }: { readonly dx: number; readonly inset: number },
): Plot.Markish[] {
  const place = { fx: 'panel', x: 'uplink', dx } as const;
  const medians = [...grouped(points, ({ panel, uplink }) => `${panel}\n${uplink}`).values()].map(
    (group) => ({ ...group[0]!, seconds: medianOf(group.map(({ seconds }) => seconds)) }),
  );
  return [
    Plot.tickY(
      medians.filter(({ seconds }) => Number.isFinite(seconds)),
      {
        ...place,
        y: 'seconds',
        stroke: style.colour,
        strokeWidth: 2,
        inset,
        title: ({ seconds }: ClassPoint) => `median ${seconds!.toFixed(2)} s`,
      },
    ),
    Plot.dot(
      points.filter(({ seconds }) => seconds !== null),
      {
        ...place,
        y: 'seconds',
        symbol: style.symbol,
        r: 3.5,
        fill: style.colour,
        fillOpacity: 0.75,
        stroke: 'var(--paper)',
        title: 'title',
      },
    ),
    Plot.text(
      points.filter(({ seconds }) => seconds === null),
      { ...place, frameAnchor: 'top', text: () => '\u2715', fill: style.colour, title: 'title' },
    ),
  ];
}

export function unequalFigures(scene: Scene): Markup[] {
  const arms = scene.arms.map(({ style, runs }) => ({ style, points: classPoints(runs) }));
  const all = arms.flatMap(({ points }) => points);
  if (all.length === 0) return [];
  const panels = [...new Set(all.map(({ panel }) => panel))];
  const classes = ascending(all.map(({ uplink }) => uplink));
  const band = (FIGURE_WIDTH - 76) / panels.length / classes.length;
  const inset = Math.max(0, (band * 0.9 - STROKE_WIDTH) / 2);
  const svg = drawChart('Completion of each receiver, by its uplink', {
    marginTop: panels.length > 1 ? 42 : 26,
    x: {
      type: 'band',
      domain: classes,
      tickFormat: (uplink: number) => (uplink / 2 ** 20).toFixed(1),
      label: 'uplink of a receiver, MiB/s',
    },
    fx: { label: null, domain: panels, padding: 0.1 },
    y: {
      label: 'completion, s',
      domain: [0, topOf(all.map(({ seconds }) => seconds))],
      grid: true,
    },
    marks: [
      ...(panels.length > 1
        ? [Plot.axisFx({ anchor: 'top', label: null, tickSize: 0, fontWeight: 'bold' })]
        : []),
      Plot.ruleY([0]),
      ...arms.flatMap(({ style, points }, i) =>
        classMarks(style, points, { dx: (i - (arms.length - 1) / 2) * APART, inset }),
      ),
    ],
  });
  const counts = scene.arms.flatMap(({ runs }) =>
    [...grouped(runs, ({ point }) => pointText(point)).values()].map(({ length }) => length),
  );
  return [
    figure(
      'Who is done sooner, the fast or the slow?',
      svg,
      `Every point is one receiver of one run (${countText(counts)} runs of each arm in each panel), strokes are medians. In the server's columns no class should differ: what a client could send does not matter there. Slow uplinks that are done long before fast ones in the swarm would prove tit for tat wrong.`,
      stylesOf(scene),
    ),
  ];
}
