// Is it served? What all receivers together verified, step by step, one lane an arm, with
// the moments at which something was killed or cut.
import * as Plot from '@observablehq/plot';
import type { Exhibit } from '../../terms/result.ts';
import { FAULT_COLOUR } from '../drawing/chart.ts';
import { faultMarks } from '../drawing/fault-marks.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { drawLanes, lanesWidth } from '../drawing/lane-chart.ts';
import { keys, topOf } from '../drawing/run-marks.ts';
import { endSeconds, type Scene, type ShownExhibit } from '../drawing/scene.ts';
import { pointText } from '../words/point-text.ts';

const MIB = 2 ** 20;

export interface Step {
  readonly from: number;
  readonly to: number;
  /** MiB/s of all receivers. */
  readonly goodput: number;
}

export const goodputSteps = ({ verifiedBytes, stepMs }: Exhibit): Step[] =>
  verifiedBytes.map((bytes, i) => ({
    from: (i * stepMs) / 1000,
    to: ((i + 1) * stepMs) / 1000,
    goodput: bytes / MIB / (stepMs / 1000),
  }));

/** Outages until `end`: separate stretches in which nothing came although a receiver waited. */
export function outages(steps: readonly Step[], end: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const { from, to, goodput } of steps) {
    if (goodput > 0 || from >= end) continue;
    const last = found.at(-1);
    if (last && last.to >= from) found[found.length - 1] = { ...last, to };
    else found.push({ from, to });
  }
  return found;
}

/** Seconds that the receivers waited: to the end of the run if one never completed. */
const waitedUntil = ({ run }: ShownExhibit): number =>
  (run.metrics.makespanMs ?? run.endedMs) / 1000;

const nameOf = ({ style, run }: ShownExhibit): string => {
  const where = pointText(run.point);
  return where ? `${style.label}, ${where}` : style.label;
};

function laneMarks(shown: ShownExhibit, width: number, end: number): Plot.Markish[] {
  const { exhibit, run, style } = shown;
  const lane = nameOf(shown);
  const fy = (): string => lane;
  const steps = goodputSteps(exhibit);
  return [
    Plot.rectY(steps, {
      fy,
      x1: 'from',
      x2: 'to',
      y: 'goodput',
      fill: style.colour,
      shapeRendering: 'crispEdges',
      title: ({ from, to, goodput }: Step) =>
        `${style.label}, ${from.toFixed(2)} to ${to.toFixed(2)} s: ${goodput.toFixed(2)} MiB/s`,
    }),
    Plot.ruleY(outages(steps, waitedUntil(shown)), {
      fy,
      x1: 'from',
      x2: 'to',
      y: 0,
      stroke: FAULT_COLOUR,
      strokeWidth: 4,
      title: ({ from, to }: { from: number; to: number }) =>
        `${style.label}: nothing verified from ${from.toFixed(2)} to ${to.toFixed(2)} s`,
    }),
    ...faultMarks(run.faults, { end, width }, lane),
  ];
}

export function stripFigures({ exhibits }: Scene): Markup[] {
  // One run of each arm tells the story; the others are in its table.
  const shown = exhibits.filter(
    (one, i) => exhibits.findIndex((other) => nameOf(other) === nameOf(one)) === i,
  );
  if (shown.length === 0) return [];
  const lanes = shown.map(nameOf);
  const steps = shown.flatMap(({ exhibit }) => goodputSteps(exhibit));
  const end = Math.max(1.04 * endSeconds(shown.map(({ run }) => run)), ...shown.map(waitedUntil));
  const svg = drawLanes(
    'What all receivers verified over time, each arm in a lane, with its faults',
    {
      lanes,
      laneHeight: 86,
      end,
      top: 46,
      // A quarter above, where what was done to it is named.
      y: {
        domain: [
          0,
          topOf(
            steps.map(({ goodput }) => goodput),
            1.35,
          ),
        ],
      },
    },
    [
      ...keys(
        [
          { text: 'MiB/s verified by all', colour: 'currentColor', opacity: 0.6 },
          { text: 'nothing came', colour: FAULT_COLOUR, glyph: '\u2501' },
        ],
        -26,
      ),
      ...shown.flatMap((one) => laneMarks(one, lanesWidth(lanes), end)),
    ],
  );
  return [
    figure(
      'Is it served meanwhile?',
      svg,
      `One run of each arm (${shown.map(({ run }) => run.id).join(', ')}): MiB/s that all receivers together verified, in steps of ${Math.round(shown[0]!.exhibit.stepMs)} ms. Red at the bottom: nothing came although somebody waited. A lane without red after a fault shows that nobody noticed; a lane that stays red, that everybody did.`,
    ),
  ];
}
