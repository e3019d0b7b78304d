// The figures over the number of receivers and over the copies sent before a kill.
// y starts at 0, every run is a point, theory is dashed and named.
import * as Plot from '@observablehq/plot';
import { fluidSwarmBound, serverBound, swarmBound } from '../../theory/bounds.ts';
import type { Kill, Result, Run } from '../result.ts';
import { ARMS, type ArmName, type Parameters, pieceCount, ratesOf } from '../scenario.ts';
import { boundText, copiesText, secondsText } from '../words.ts';
import { ARM_STYLE, armDots, BOUND_COLOUR, drawChart } from './chart.ts';

/** Points of a dashed curve between two numbers of receivers: smooth to the eye. */
const CURVE_POINTS = 48;

interface CurvePoint {
  readonly receivers: number;
  readonly seconds: number;
}

function receiversScale(parameters: Parameters): Plot.ScaleOptions {
  const { receivers } = parameters;
  // A single number of receivers still needs some width to stand in.
  const domain = [Math.min(...receivers) / 1.25, Math.max(...receivers) * 1.6];
  return {
    type: 'log',
    base: 2,
    domain,
    ticks: [...receivers],
    tickFormat: (count: number) => String(count),
    label: 'receivers N (log scale)',
  };
}

function curve(parameters: Parameters, seconds: (receivers: number) => number): CurvePoint[] {
  const from = Math.log2(Math.min(...parameters.receivers));
  const to = Math.log2(Math.max(...parameters.receivers));
  return Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const receivers = 2 ** (from + ((to - from) * i) / CURVE_POINTS);
    return { receivers, seconds: seconds(receivers) };
  });
}

function dashed(points: readonly CurvePoint[], name: string, dy: number): Plot.Markish[] {
  return [
    Plot.line(points, {
      x: 'receivers',
      y: 'seconds',
      stroke: BOUND_COLOUR,
      strokeWidth: 1.5,
      strokeDasharray: '5 4',
    }),
    Plot.text(points.slice(-1), {
      x: 'receivers',
      y: 'seconds',
      text: () => name,
      fill: BOUND_COLOUR,
      textAnchor: 'end',
      dx: -8,
      dy,
      fontStyle: 'italic',
    }),
  ];
}

const scalingRuns = ({ runs }: Result, arm: ArmName): Run[] =>
  runs.filter((run) => run.scenario === 'scaling' && run.arm === arm);

/** Named beside the last point, so that no legend has to be looked up. */
function armName<T>(
  arm: ArmName,
  points: readonly T[],
  x: (point: T) => number,
  y: (point: T) => number,
): Plot.Markish {
  const last = points.reduce<T | undefined>(
    (best, point) => (best === undefined || x(point) >= x(best) ? point : best),
    undefined,
  );
  const { colour, label } = ARM_STYLE[arm];
  return Plot.text(last === undefined ? [] : [last], {
    x,
    y,
    text: () => label,
    fill: colour,
    fontWeight: 'bold',
    textAnchor: 'start',
    dx: 10,
  });
}

export function makespanFigure(result: Result): string {
  const { parameters } = result;
  const rates = ratesOf(parameters);
  const links = (receivers: number) => ({
    fileBytes: parameters.fileBytes,
    receivers,
    originUplink: rates.uplinkBytesPerSecond,
    receiverUplink: rates.uplinkBytesPerSecond,
    downlink: rates.downlinkBytesPerSecond,
  });
  const pieces = pieceCount(parameters);
  const server = curve(parameters, (count) => serverBound(links(count)).seconds);
  const fluid = curve(parameters, (count) => fluidSwarmBound(links(count)).seconds);
  const whole = parameters.receivers.map((count) => ({
    receivers: count,
    seconds: swarmBound(links(count), pieces).seconds,
  }));
  return drawChart('Makespan over the number of receivers, with theoretical bounds', {
    x: receiversScale(parameters),
    y: { label: 'makespan, s', domain: [0, highest(result, server)], grid: true, nice: true },
    marks: [
      Plot.ruleY([0]),
      ...(parameters.link === 'none'
        ? []
        : [
            ...dashed(server, 'bound: server', -12),
            ...dashed(whole, 'bounds: swarm (whole pieces, fluid)', 13),
            ...dashed(fluid, '', 0),
          ]),
      ...ARMS.flatMap((arm) => makespanMarks(arm, scalingRuns(result, arm))),
    ],
  });
}

function makespanMarks(arm: ArmName, runs: readonly Run[]): Plot.Markish[] {
  const done = runs.filter((run) => run.makespanMs !== null);
  const x = (run: Run): number => run.receivers;
  const y = (run: Run): number => run.makespanMs! / 1000;
  const title = (run: Run): string =>
    `${run.id}: ${secondsText(run.makespanMs!)} s, bound ${boundText(run.boundMs)} s`;
  return [
    Plot.line(done, Plot.groupX({ y: 'median' }, { x, y, stroke: ARM_STYLE[arm].colour })),
    armDots(arm, done, { x, y, title }),
    armName(arm, done, x, y),
  ];
}

function highest({ runs }: Result, curvePoints: readonly CurvePoint[]): number {
  const measured = runs
    .filter(({ scenario }) => scenario === 'scaling')
    .map(({ makespanMs }) => (makespanMs ?? 0) / 1000);
  return 1.05 * Math.max(...measured, ...curvePoints.map(({ seconds }) => seconds));
}

export function originFigure(result: Result): string {
  const { receivers } = result.parameters;
  const most = Math.max(...receivers);
  const title = (run: Run): string => `${run.id}: ${copiesText(run.originCopies)} copies`;
  const x = (run: Run): number => run.receivers;
  const y = (run: Run): number => run.originCopies;
  return drawChart('Copies that the origin sent, over the number of receivers', {
    x: receiversScale(result.parameters),
    y: { label: 'copies sent by the origin', domain: [0, most * 1.05], grid: true },
    marks: [
      Plot.ruleY([0]),
      ...dashed(
        [
          { receivers: Math.min(...receivers), seconds: 1 },
          { receivers: most, seconds: 1 },
        ],
        'one copy: the least possible',
        13,
      ),
      ...ARMS.flatMap((arm) => {
        const runs = scalingRuns(result, arm);
        return [
          Plot.line(runs, Plot.groupX({ y: 'median' }, { x, y, stroke: ARM_STYLE[arm].colour })),
          armDots(arm, runs, { x, y, title }),
          armName(arm, runs, x, y),
        ];
      }),
    ],
  });
}

interface ReachPoint {
  readonly copies: number;
  readonly reach: number;
  readonly label: string;
}

function reachPoint({ killCopies, completed, receivers, killed, runs }: Kill): ReachPoint {
  const labels = [...new Set(completed.map((count) => `${count}/${receivers}`))];
  const sum = completed.reduce((total, count) => total + count, 0);
  return {
    copies: killCopies,
    reach: runs === 0 ? 0 : sum / runs / receivers,
    label: labels.join(' ') + (killed < runs ? '*' : ''),
  };
}

export function reachFigure(result: Result): string {
  const most = Math.max(...result.parameters.killCopies, 1);
  return drawChart('Receivers that completed, over the copies sent before the origin was killed', {
    x: { label: 'copies the origin had sent when it was killed', domain: [0, most * 1.15] },
    y: {
      label: 'reach (completed / started)',
      domain: [-0.12, 1.2],
      ticks: [0, 0.25, 0.5, 0.75, 1],
      grid: true,
      tickFormat: (share: number) => `${share * 100} %`,
    },
    marks: [
      Plot.ruleX([1], { stroke: BOUND_COLOUR, strokeDasharray: '5 4' }),
      Plot.text([1], {
        x: (copies: number) => copies,
        y: 0.5,
        text: () => 'one copy: no swarm\ncan complete before',
        fill: BOUND_COLOUR,
        fontStyle: 'italic',
        textAnchor: 'start',
        dx: 6,
      }),
      ...ARMS.flatMap((arm) =>
        reachMarks(
          arm,
          result.kills.filter((kill) => kill.arm === arm),
        ),
      ),
    ],
  });
}

function reachMarks(arm: ArmName, kills: readonly Kill[]): Plot.Markish[] {
  const points = kills.filter(({ runs }) => runs > 0).map(reachPoint);
  const { colour, label } = ARM_STYLE[arm];
  // The swarm's labels above its points, the server's below: they may coincide.
  const dy = arm === 'swarm' ? -16 : 17;
  const x = ({ copies }: ReachPoint): number => copies;
  const y = ({ reach }: ReachPoint): number => reach;
  const title = (point: ReachPoint): string =>
    `${label}: ${point.label} completed, killed after ${point.copies} copies`;
  return [
    Plot.line(points, { x, y, stroke: colour, strokeWidth: 2, strokeOpacity: 0.5 }),
    armDots(arm, points, { x, y, title }),
    Plot.text(points, { x, y, dy, text: ({ label: text }: ReachPoint) => text, fill: colour }),
    armName(arm, points, x, y),
  ];
}
