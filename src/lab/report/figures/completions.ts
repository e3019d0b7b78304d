// Completion over time: for every run the share of its receivers that have the whole file, over
// time. A receiver that never completes leaves the line below 1, flat to the end.
import * as Plot from '@observablehq/plot';
import { secondsText } from '../../terms/amount-text.ts';
import type { Run } from '../../terms/result.ts';
import { countText } from '../data/series.ts';
import type { ArmStyle } from '../drawing/arm-style.ts';
import { drawChart } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { receiversOf, type Scene, stylesOf } from '../drawing/scene.ts';

/** Completions of one run that would hide each other at full size. */
const MANY = 18;

interface Step {
  readonly seconds: number;
  readonly share: number;
  readonly title: string;
}

/**
 * Starts with nobody at 0, ends at the last completion, then stays level to the end of the figure.
 */
function steps(run: Run, { label }: ArmStyle, end: number): Step[] {
  const receivers = receiversOf(run);
  const times = receivers.flatMap(({ completedMs }) => completedMs ?? []).sort((a, b) => a - b);
  const at = (ms: number, done: number): Step => ({
    seconds: ms / 1000,
    share: done / receivers.length,
    title: `${label}, ${run.id}: ${done} of ${receivers.length} done after ${secondsText(ms)} s`,
  });
  return [at(0, 0), ...times.map((ms, i) => at(ms, i + 1)), at(end * 1000, times.length)];
}

function staircase(style: ArmStyle, points: readonly Step[]): Plot.Markish[] {
  const { colour, symbol, dash } = style;
  const place = { x: 'seconds', y: 'share' } as const;
  return [
    Plot.line(points, {
      ...place,
      curve: 'step-after',
      stroke: colour,
      strokeWidth: 1.5,
      strokeOpacity: 0.8,
      ...(dash && { strokeDasharray: dash }),
    }),
    Plot.dot(points.slice(1, -1), {
      ...place,
      symbol,
      r: points.length > MANY ? 2 : 3.5,
      fill: colour,
      title: 'title',
    }),
  ];
}

/** @param scene with runs at one point of a sweep */
export function completionFigure(scene: Scene, where: string): Markup {
  const moments = scene.runs.flatMap((run) =>
    receiversOf(run).map(({ completedMs }) => completedMs ?? 0),
  );
  const end = (1.06 * Math.max(...moments, 1)) / 1000;
  const svg = drawChart(`Share of receivers done over time, ${where}`, {
    x: { label: 'seconds after the go', domain: [0, end] },
    y: {
      label: 'receivers done',
      domain: [0, 1.06],
      ticks: [0, 0.25, 0.5, 0.75, 1],
      tickFormat: (share: number) => `${share * 100} %`,
      grid: true,
    },
    marks: [
      Plot.ruleY([0]),
      ...scene.arms.flatMap(({ style, runs }) =>
        runs.flatMap((run) => staircase(style, steps(run, style, end))),
      ),
    ],
  });
  return figure(
    `Who is done when? ${where}`,
    svg,
    `Share of the receivers that have the whole file, over time; one line for each run (${countText(scene.arms.map(({ runs }) => runs.length))} for each arm). Who never completes leaves its line below 100 %. A server that shares its uplink evenly finishes everybody last.`,
    stylesOf(scene),
  );
}
