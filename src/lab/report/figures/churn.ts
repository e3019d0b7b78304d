// Completions over time while others come and go: one lane an arm, a staircase for each
// run, and the fluid model of Qiu & Srikant (src/theory/churn.ts) where it has a word.
import * as Plot from '@observablehq/plot';
import { churnFlow } from '../../../theory/churn.ts';
import type { Run } from '../../terms/result.ts';
import { originRates, receiverRates } from '../../terms/setting.ts';
import { countText } from '../data/series.ts';
import { BOUND_COLOUR, BOUND_DASH, FAULT_COLOUR } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { drawLanes } from '../drawing/lane-chart.ts';
import { keys } from '../drawing/run-marks.ts';
import { type ArmRuns, endSeconds, receiversOf, type Scene } from '../drawing/scene.ts';

export interface Stair {
  readonly seconds: number;
  readonly done: number;
}

/**
 * Starts with nobody at 0, ends at the last completion, then stays level to the end of the figure.
 */
export function staircase(run: Run, end: number): Stair[] {
  const times = receiversOf(run)
    .flatMap(({ completedMs }) => (completedMs === null ? [] : [completedMs / 1000]))
    .sort((a, b) => a - b);
  const rising = times.map((seconds, i) => ({ seconds, done: i + 1 }));
  return [{ seconds: 0, done: 0 }, ...rising, { seconds: end, done: times.length }];
}

/** Parts of a curve: smooth to the eye. */
const CURVE_PARTS = 60;

/**
 * Completions of a crowd that starts together, beside an origin that never leaves. Empty
 * where links are not held, and for peers that vanish at a share of the file, which a
 * fluid knows nothing of.
 */
export function fluidCompletions({ setting, architecture }: Run, end: number): Stair[] {
  const { fileBytes, receivers, leaves, lifetimeShare, link } = setting;
  if (architecture === 'server' || link === 'none' || lifetimeShare !== null) return [];
  const { uplinkBytesPerSecond, downlinkBytesPerSecond } = receiverRates(setting, 0);
  const flow = churnFlow(
    {
      arrivals: 0,
      aborts: 0,
      uplink: uplinkBytesPerSecond / fileBytes,
      downlink: downlinkBytesPerSecond / fileBytes,
      effectiveness: 1,
      departures: leaves ? Number.POSITIVE_INFINITY : 0,
      permanentSeeds: originRates(setting).uplinkBytesPerSecond / uplinkBytesPerSecond,
    },
    { leechers: receivers, seeds: 0 },
    Array.from({ length: CURVE_PARTS + 1 }, (_, i) => (end * i) / CURVE_PARTS),
  );
  return flow.map(({ seconds, completed }) => ({ seconds, done: completed }));
}

function laneMarks({ style, runs }: ArmRuns, end: number): Plot.Markish[] {
  const fy = (): string => style.label;
  const fluid = fluidCompletions(runs[0]!, end);
  return [
    Plot.line(fluid, {
      fy,
      x: 'seconds',
      y: 'done',
      stroke: BOUND_COLOUR,
      strokeWidth: 1.5,
      strokeDasharray: BOUND_DASH,
      title: () => 'fluid model',
    }),
    Plot.tickX(
      runs.flatMap(({ faults, id }) => faults.map((fault) => ({ ...fault, id }))),
      {
        fy,
        x: ({ atMs }) => atMs / 1000,
        stroke: FAULT_COLOUR,
        strokeWidth: 1.5,
        strokeOpacity: 0.7,
        title: ({ id, text, atMs }) => `${id}: ${text}, ${(atMs / 1000).toFixed(2)} s`,
      },
    ),
    ...runs.flatMap((run) => {
      const stairs = staircase(run, end);
      return [
        Plot.line(stairs, {
          fy,
          x: 'seconds',
          y: 'done',
          curve: 'step-after',
          stroke: style.colour,
          strokeWidth: 1.75,
          strokeOpacity: 0.8,
          title: () => run.id,
        }),
        Plot.dot(stairs.slice(1, -1), {
          fy,
          x: 'seconds',
          y: 'done',
          symbol: style.symbol,
          r: 3,
          fill: style.colour,
          title: ({ seconds, done }: Stair) =>
            `${run.id}: ${done} done after ${seconds.toFixed(2)} s`,
        }),
      ];
    }),
  ];
}

export function churnFigures(scene: Scene): Markup[] {
  const { arms, runs } = scene;
  if (arms.length === 0) return [];
  const end = 1.05 * endSeconds(runs);
  const most = Math.max(...runs.map(({ setting }) => setting.receivers));
  const svg = drawLanes(
    'Receivers done over time, each arm in a lane, every run',
    {
      lanes: arms.map(({ style }) => style.label),
      laneHeight: 92,
      end,
      y: { domain: [0, most * 1.08], ticks: [0, most], tickFormat: 'd', grid: true },
      top: 40,
    },
    [
      ...keys(
        [
          { text: 'killed or started again', colour: FAULT_COLOUR, glyph: '\u2758' },
          { text: 'fluid model', colour: BOUND_COLOUR, glyph: '\u2504' },
        ],
        -20,
      ),
      ...arms.flatMap((arm) => laneMarks(arm, end)),
    ],
  );
  const counts = countText(arms.map((arm) => arm.runs.length));
  return [
    figure(
      'Who is done when peers come and go?',
      svg,
      `Receivers done over time, a staircase for each run (${counts} an arm), a dot for each completion. The fluid model (Qiu & Srikant 2004) has no memory of how much a peer already has, so that of a crowd that starts together some are done at once and a tail is late; it is drawn where nobody vanishes. A staircase that stops below all those who stay would prove us wrong.`,
    ),
  ];
}
