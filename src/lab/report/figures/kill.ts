// Completion when the origin dies: reach over the copies that had left it, every run a
// point, with the step that theory has at one copy.
import * as Plot from '@observablehq/plot';
import { expectedCopies } from '../../../theory/coupons.ts';
import { type Crowd, REACH, type Service } from '../../../theory/reach.ts';
import { percentText } from '../../terms/amount-text.ts';
import type { Scalar } from '../../terms/planned-run.ts';
import type { Run } from '../../terms/result.ts';
import { isPeers } from '../../terms/scenario.ts';
import { completions } from '../data/lookup.ts';
import { medianLine, runsPerPoint } from '../data/series.ts';
import type { ArmStyle } from '../drawing/arm-style.ts';
import { armLine, BOUND_COLOUR, BOUND_DASH, drawChart } from '../drawing/chart.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { type ArmRuns, type Scene, stylesOf } from '../drawing/scene.ts';
import { keyAxis, scalarText } from '../words/point-text.ts';

/**
 * Offset of an arm, as a share of an axis step: most arms have the same reach and would overlap.
 */
const ARM_GAP = 0.13;

/** The values of the sweep at equal distances: `first copy` is none of the numbers. */
function scaleOf(values: readonly Scalar[]) {
  const at = (value: Scalar | undefined): number =>
    value === undefined ? -1 : values.indexOf(value);
  return {
    at,
    /** Position of a number of copies between them; null beyond their ends. */
    between(copies: number): number | null {
      const known = values.flatMap((value, i) => (typeof value === 'number' ? [{ value, i }] : []));
      const after = known.find(({ value }) => value >= copies);
      const before = known.findLast(({ value }) => value <= copies);
      if (!after || !before) return null;
      if (after === before) return after.i;
      const part = (copies - before.value) / (after.value - before.value);
      return before.i + part * (after.i - before.i);
    },
    options: {
      label: keyAxis('kill'),
      domain: [-0.5, values.length - 0.5],
      ticks: values.map((_, i) => i),
      tickFormat: (i: number) => scalarText('kill', values[i] ?? '').replace(' ', '\n'),
    },
  };
}

type KillScale = ReturnType<typeof scaleOf>;

interface ReachPoint {
  readonly run: Run;
  readonly x: number;
  readonly y: number;
}

function pointsOf({ runs }: ArmRuns, scale: KillScale, shift: number): ReachPoint[] {
  return runs.map((run) => {
    const { completed, started } = completions(run);
    return { run, x: scale.at(run.point.kill) + shift, y: started === 0 ? 0 : completed / started };
  });
}

/** The bound of such a run. */
function serviceOf({ architecture, setting }: Run): Service {
  if (isPeers(architecture)) return setting.picker === 'random' ? 'random swarm' : 'swarm';
  if (setting.hubs > 1) return 'mirrored server';
  return setting.arrivals === 'one by one' ? 'serial server' : 'server';
}

const crowdOf = ({ setting }: Run): Crowd => ({
  receivers: setting.receivers,
  pieces: Math.ceil(setting.fileBytes / (setting.pieceLength ?? setting.fileBytes)),
});

function titleOf({ label }: ArmStyle, { run, y }: ReachPoint): string {
  const { completed, started } = completions(run);
  const fault = run.faults[0];
  const when = fault
    ? `killed after ${fault.originCopies.toFixed(2)} copies, theory: ${percentText(REACH[serviceOf(run)](fault.originCopies, crowdOf(run)))}`
    : 'done before the origin had sent that much';
  return `${label}, ${run.id}: ${completed} of ${started} (${percentText(y)}), ${when}`;
}

function armMarks(style: ArmStyle, points: readonly ReachPoint[]): Plot.Markish[] {
  const line = medianLine(points);
  return [
    armLine(style, line, { x: ({ x }) => x, y: ({ y }) => y }),
    Plot.dot(points, {
      x: 'x',
      y: 'y',
      symbol: style.symbol,
      r: 4.5,
      fill: style.colour,
      fillOpacity: ({ run }: ReachPoint) => (run.faults.length > 0 ? 1 : 0.35),
      stroke: 'var(--paper)',
      title: (point: ReachPoint) => titleOf(style, point),
    }),
  ];
}

function theoryMarks(scale: KillScale): Plot.Markish[] {
  const one = scale.between(1);
  if (one === null) return [];
  return [
    Plot.ruleX([one], { stroke: BOUND_COLOUR, strokeWidth: 1.5, strokeDasharray: BOUND_DASH }),
    Plot.text(['theory: no swarm\ncompletes before\none copy is out'], {
      x: () => one,
      y: 0.72,
      text: (line: string) => line,
      fill: BOUND_COLOUR,
      stroke: 'var(--paper)',
      strokeWidth: 4,
      fontStyle: 'italic',
      textAnchor: 'end',
      dx: -8,
    }),
  ];
}

/** Step of the curve, in copies. */
const CURVE_STEP = 0.05;

/** If receivers asked the origin at random and never each other: the coupon collector's. */
function couponMarks(scene: Scene, scale: KillScale): Plot.Markish[] {
  const run = scene.runs.find((one) => serviceOf(one) === 'random swarm');
  if (!run) return [];
  const curve = Array.from({ length: run.setting.receivers / CURVE_STEP }, (_, i) => {
    const copies = (i + 1) * CURVE_STEP;
    return { x: scale.between(copies), y: REACH['random swarm'](copies, crowdOf(run)) };
  }).filter(({ x }) => x !== null);
  return [
    Plot.line(curve, {
      x: 'x',
      y: 'y',
      stroke: BOUND_COLOUR,
      strokeWidth: 1.5,
      strokeDasharray: '2 4',
    }),
  ];
}

function couponWords({ runs }: Scene): string {
  const run = runs.find((one) => serviceOf(one) === 'random swarm');
  if (!run) return '';
  const copies = expectedCopies(crowdOf(run).pieces).toFixed(1);
  return ` Dotted: the chance that all pieces are out if receivers asked the origin at random and never each other (coupon collector: ${copies} copies on average); a swarm that picks at random still trades, and is at its left.`;
}

export function reachFigure(scene: Scene): Markup {
  const swept = scene.scenario.sweep.kill ?? [];
  const scale = scaleOf(swept.flatMap((value) => value ?? []));
  const middle = (scene.arms.length - 1) / 2;
  const series = scene.arms.map((arm, i) => pointsOf(arm, scale, (i - middle) * ARM_GAP));
  const early = scene.runs.some(({ faults }) => faults.length === 0);
  const svg = drawChart('Receivers that completed, over the copies sent before the origin died', {
    marginBottom: 56,
    x: scale.options,
    y: {
      label: 'reach (completed / started)',
      domain: [-0.06, 1.06],
      ticks: [0, 0.25, 0.5, 0.75, 1],
      tickFormat: (share: number) => `${share * 100} %`,
      grid: true,
    },
    marks: [
      ...theoryMarks(scale),
      ...couponMarks(scene, scale),
      ...scene.arms.flatMap(({ style }, i) => armMarks(style, series[i]!)),
    ],
  });
  return figure(
    'Reach over the copies sent before the kill',
    svg,
    `Share of the receivers that got the whole file, over what the origin had sent when it was killed (SIGKILL); every run is a point (${runsPerPoint(series)} for each arm and k), lines join medians. 'first copy': killed as soon as every piece is with some receiver.${early ? ' Pale: all were done before the origin had sent that much.' : ''} A swarm that stays at 0 % past the first copy, or a server that does not, would prove us wrong.${couponWords(scene)}`,
    stylesOf(scene),
  );
}
