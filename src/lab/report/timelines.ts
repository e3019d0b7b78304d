// The figures over time: how many were done when, and what each receiver had when
// the origin died.
import * as Plot from '@observablehq/plot';
import type { Result, Run, RunNode } from '../result.ts';
import { ARMS, type ArmName } from '../scenario.ts';
import { percentText, secondsText } from '../words.ts';
import { ARM_STYLE, drawChart, FIGURE_WIDTH } from './chart.ts';

interface Step {
  readonly seconds: number;
  readonly done: number;
}

/** A staircase from nobody at 0 to its last completion, and level to the end of the figure. */
function steps(run: Run, endSeconds: number): Step[] {
  const times = run.nodes
    .flatMap(({ completedMs }) => (completedMs === null ? [] : [completedMs / 1000]))
    .sort((a, b) => a - b);
  const rising = times.map((seconds, i) => ({ seconds, done: i + 1 }));
  return [{ seconds: 0, done: 0 }, ...rising, { seconds: endSeconds, done: times.length }];
}

export function completionFigure(result: Result): string {
  const most = Math.max(...result.parameters.receivers);
  const runs = result.runs.filter((run) => run.scenario === 'scaling' && run.receivers === most);
  const end = 1.05 * Math.max(...runs.map((run) => (run.makespanMs ?? run.endedMs) / 1000), 0);
  return drawChart(`Receivers done over time, with ${most} receivers`, {
    x: { label: 'seconds after the go', domain: [0, end] },
    y: {
      label: 'receivers done',
      domain: [0, most * 1.08],
      ticks: [0, most / 2, most],
      grid: true,
    },
    marks: [
      Plot.ruleY([0]),
      ...runs.flatMap((run) => staircase(run, end)),
      ...ARMS.map((arm) =>
        staircaseName(
          arm,
          runs.filter((run) => run.arm === arm),
        ),
      ),
    ],
  });
}

function staircase(run: Run, end: number): Plot.Markish[] {
  const { colour, symbol, label } = ARM_STYLE[run.arm];
  const points = steps(run, end);
  return [
    Plot.line(points, {
      x: 'seconds',
      y: 'done',
      curve: 'step-after',
      stroke: colour,
      strokeWidth: 2,
      strokeOpacity: 0.75,
    }),
    Plot.dot(points.slice(1, -1), {
      x: 'seconds',
      y: 'done',
      symbol,
      r: 3.5,
      fill: colour,
      title: ({ seconds, done }: Step) => `${label}: ${done} done after ${seconds.toFixed(2)} s`,
    }),
  ];
}

function staircaseName(arm: ArmName, runs: readonly Run[]): Plot.Markish {
  const first = runs.find(({ makespanMs }) => makespanMs !== null);
  const { colour, label } = ARM_STYLE[arm];
  return Plot.text(first ? [first] : [], {
    x: (run: Run) => run.makespanMs! / 1000,
    y: (run: Run) => run.receivers,
    text: () => label,
    fill: colour,
    fontWeight: 'bold',
    // Where the swarm is done there is room to the right, where the server is, to the left.
    textAnchor: arm === 'swarm' ? 'start' : 'end',
    dx: arm === 'swarm' ? 8 : -8,
    dy: arm === 'swarm' ? -11 : 14,
  });
}

/** Height of one receiver's lane, in pixels: eight lanes and an axis fill half a slide. */
const LANE_HEIGHT = 26;

interface LanePoint {
  readonly lane: string;
  readonly seconds: number;
  readonly share: number;
}

function lanePoints(node: RunNode, lane: string, run: Run, end: number): LanePoint[] {
  const points = node.progress.map(([ms, bytes]) => ({
    lane,
    seconds: ms / 1000,
    share: bytes / run.fileBytes,
  }));
  const last = points.at(-1)?.share ?? 0;
  return [{ lane, seconds: 0, share: 0 }, ...points, { lane, seconds: end, share: last }];
}

function laneOutcome({ completedMs, verifiedBytes }: RunNode, fileBytes: number): string {
  return completedMs === null
    ? `stuck at ${percentText(verifiedBytes / fileBytes)}`
    : `done ${secondsText(completedMs)} s`;
}

/** One run as lanes: how much each receiver had verified, with the kill marked. */
export function lanesFigure(run: Run, endMs: number): string {
  const receivers = run.nodes.filter(({ role }) => role === 'receiver');
  const end = endMs / 1000;
  const lanes = receivers.map((node, i) => ({ node, lane: String(i + 1) }));
  const { colour, label } = ARM_STYLE[run.arm];
  return drawChart(`Progress of each receiver of the ${label}, one run`, {
    width: FIGURE_WIDTH,
    height: lanes.length * LANE_HEIGHT + 62,
    marginTop: 22,
    marginRight: 104,
    x: { label: 'seconds after the go', domain: [0, end] },
    y: { axis: null, domain: [0, 1.1] },
    fy: { label: 'receiver', domain: lanes.map(({ lane }) => lane), padding: 0.15 },
    facet: { marginRight: 104 },
    marks: [
      Plot.axisFy({ anchor: 'left', label: null }),
      Plot.areaY(
        lanes.flatMap(({ node, lane }) => lanePoints(node, lane, run, end)),
        {
          x: 'seconds',
          y: 'share',
          fy: 'lane',
          fill: colour,
          fillOpacity: 0.45,
          stroke: colour,
          curve: 'step-after',
        },
      ),
      Plot.ruleY([0], { strokeOpacity: 0.3 }),
      Plot.text(lanes, {
        x: () => end,
        y: 0.5,
        fy: 'lane',
        text: ({ node }) => laneOutcome(node, run.fileBytes),
        textAnchor: 'start',
        dx: 8,
      }),
      ...killMarks(run),
    ],
  });
}

function killMarks({ fault }: Run): Plot.Markish[] {
  if (!fault) return [];
  const seconds = fault.atMs / 1000;
  return [
    Plot.ruleX([seconds], { stroke: 'var(--kill)', strokeWidth: 2, strokeDasharray: '4 3' }),
    Plot.text([seconds], {
      x: (at: number) => at,
      frameAnchor: 'top',
      facetAnchor: 'top',
      text: () => '\u2715 origin killed',
      fill: 'var(--kill)',
      fontWeight: 'bold',
      dy: -12,
    }),
  ];
}
