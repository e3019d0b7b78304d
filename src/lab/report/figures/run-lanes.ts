// One run from near, a lane for each node: what a receiver had verified over time, what an
// origin or hub had sent, and what the script did to them.
import * as Plot from '@observablehq/plot';
import { percentText, secondsText } from '../../terms/amount-text.ts';
import type { Run, RunNode } from '../../terms/result.ts';
import type { ArmStyle } from '../drawing/arm-style.ts';
import { LETTER_WIDTH } from '../drawing/axis.ts';
import { drawChart, FAULT_COLOUR, FIGURE_WIDTH } from '../drawing/chart.ts';
import { placedNames } from '../drawing/fault-marks.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';

/** Eight lanes and an axis fill half a slide; more get thinner. */
const LANES_HEIGHT = 300;
const LANE_HEIGHT = { least: 13, most: 26 } as const;
const MARGIN = { top: 22, left: 84, right: 122, bottom: 40 } as const;

interface LanePoint {
  readonly lane: string;
  readonly seconds: number;
  readonly share: number;
  readonly title: string;
}

const hasFile = ({ role }: RunNode): boolean => role === 'origin' || role === 'hub';

/** When the script took it away for good; null when it did not. */
const removedAt = ({ id }: RunNode, { faults }: Run): number | null =>
  faults.findLast(({ do: what, node }) => what === 'kill' && node === id)?.atMs ?? null;

/** The share of the file that a receiver has; for a node that had it, of all bytes that it sent. */
function lanePoints(node: RunNode, run: Run, end: number): LanePoint[] {
  const series = hasFile(node) ? node.sending : node.progress;
  const whole = hasFile(node) ? Math.max(node.sentBytes, 1) : run.setting.fileBytes;
  const what = hasFile(node) ? 'sent' : 'verified';
  const at = (ms: number, bytes: number): LanePoint => ({
    lane: node.id,
    seconds: ms / 1000,
    share: Math.min(1, bytes / whole),
    title: `${node.id}: ${(bytes / run.setting.fileBytes).toFixed(2)} of a copy ${what} after ${secondsText(ms)} s`,
  });
  const points = series.map(([ms, bytes]) => at(ms, bytes));
  const last = series.at(-1)?.[1] ?? 0;
  const until = Math.min(end * 1000, removedAt(node, run) ?? end * 1000);
  return [at(0, 0), ...points.filter(({ seconds }) => seconds * 1000 <= until), at(until, last)];
}

function outcome(node: RunNode, run: Run): string {
  if (hasFile(node)) return `sent ${(node.sentBytes / run.setting.fileBytes).toFixed(2)} copies`;
  if (node.role === 'front' || node.role === 'attacker') return '';
  const share = percentText(node.verifiedBytes / run.setting.fileBytes);
  if (node.completedMs !== null) return `done ${secondsText(node.completedMs)} s`;
  return node.removed ? `gone at ${share}` : `stuck at ${share}`;
}

/** Lanes end shortly after the last thing that happened in them. */
export function lanesEnd(runs: readonly Run[]): number {
  const moments = runs.flatMap((run) => [
    ...run.nodes.flatMap(({ completedMs, progress }) => [
      completedMs ?? 0,
      progress.at(-1)?.[0] ?? 0,
    ]),
    ...run.faults.map(({ atMs }) => atMs),
  ]);
  return (1.08 * Math.max(...moments, 1)) / 1000;
}

function area(points: readonly LanePoint[], colour: string): Plot.Markish {
  return Plot.areaY(points, {
    x: 'seconds',
    y: 'share',
    fy: 'lane',
    z: 'lane',
    fill: colour,
    fillOpacity: 0.45,
    stroke: colour,
    curve: 'step-after',
  });
}

/** Points for a mouse to rest on: the steps of an area have none. */
const tips = (points: readonly LanePoint[]): Plot.Markish =>
  Plot.dot(points, {
    x: 'seconds',
    y: 'share',
    fy: 'lane',
    r: 4,
    fillOpacity: 0,
    fill: 'var(--ink)',
    title: 'title',
  });

function drawRunLanes(run: Run, { colour, label }: ArmStyle, end: number): string {
  const { nodes } = run;
  const height = Math.max(
    LANE_HEIGHT.least,
    Math.min(LANE_HEIGHT.most, Math.floor(LANES_HEIGHT / nodes.length)),
  );
  const points = (withFile: boolean): LanePoint[] =>
    nodes
      .filter((node) => hasFile(node) === withFile)
      .flatMap((node) => lanePoints(node, run, end));
  const width = FIGURE_WIDTH - MARGIN.left - MARGIN.right;
  return drawChart(`Each node of one run of: ${label}`, {
    height: nodes.length * height + MARGIN.top + MARGIN.bottom,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    x: { label: 'seconds after the go', domain: [0, end] },
    y: { axis: null, domain: [0, 1.1] },
    fy: { label: null, domain: nodes.map(({ id }) => id), padding: 0.15 },
    marks: [
      Plot.axisFy({ anchor: 'left', label: null, lineWidth: MARGIN.left / LETTER_WIDTH }),
      area(points(false), colour),
      area(points(true), 'var(--soft)'),
      Plot.ruleY([0], { strokeOpacity: 0.3 }),
      tips([...points(false), ...points(true)]),
      Plot.text(nodes, {
        frameAnchor: 'right',
        fy: 'id',
        text: (node: RunNode) => outcome(node, run),
        textAnchor: 'start',
        dx: 8,
      }),
      ...faultMarks(run, end, width),
    ],
  });
}

type Fault = Run['faults'][number];

/**
 * A line through all lanes, named once above them, and a mark on the lane of the node it happened
 * to.
 */
function faultMarks({ faults }: Run, end: number, width: number): Plot.Markish[] {
  const at = ({ atMs }: Fault): number => atMs / 1000;
  const title = ({ text, atMs }: Fault): string => `${text}: ${secondsText(atMs)} s`;
  const names = placedNames(faults, { end, width });
  return [
    Plot.ruleX(faults, {
      x: at,
      stroke: FAULT_COLOUR,
      strokeWidth: 1.5,
      strokeDasharray: '4 3',
      title,
    }),
    ...(['start', 'end'] as const).map((anchor) =>
      Plot.text(
        names.filter((name) => name.anchor === anchor),
        {
          x: 'seconds',
          text: 'text',
          frameAnchor: 'top',
          facetAnchor: 'top',
          textAnchor: anchor,
          fill: FAULT_COLOUR,
          fontWeight: 'bold',
          dy: -14,
        },
      ),
    ),
    Plot.text(
      faults.filter(({ node }) => node !== null),
      {
        x: at,
        fy: 'node',
        frameAnchor: 'middle',
        text: ({ do: what }: Fault) => (what === 'kill' ? '\u2715' : '\u25CF'),
        fill: FAULT_COLOUR,
        stroke: 'var(--paper)',
        strokeWidth: 3,
        fontSize: 16,
        fontWeight: 'bold',
        title,
      },
    ),
  ];
}

export function lanesFigure(run: Run, style: ArmStyle, end: number, when: string): Markup {
  const died = run.faults.some(({ do: what, node }) => what === 'kill' && node === 'origin');
  const sooner = died ? '' : ' All were done before the origin had sent that much.';
  return figure(
    `${style.label}: the origin dies ${when}`,
    drawRunLanes(run, style, end),
    `One run (${run.id}): what each receiver had verified of the file, over time, up to the height of its lane; grey: what was sent by who had it from the start.${sooner}`,
  );
}
