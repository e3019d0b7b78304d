// Stacked upload rates of every role over time, beside what all uplinks could send.
import * as Plot from '@observablehq/plot';
import { percentText } from '../../terms/amount-text.ts';
import type { Exhibit } from '../../terms/result.ts';
import {
  BOUND_COLOUR,
  BOUND_DASH,
  drawChart,
  FIGURE_HEIGHT,
  FIGURE_WIDTH,
} from '../drawing/chart.ts';
import { faultMarks, NAMES_TOP } from '../drawing/fault-marks.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { KEYS_DY, KEYS_TOP, keys, topOf } from '../drawing/run-marks.ts';
import type { Scene, ShownExhibit } from '../drawing/scene.ts';
import { pointText } from '../words/point-text.ts';

const MIB = 2 ** 20;

type Uplinks = Exhibit['uplinks'][number];

interface RatePoint {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Bottom and top edge of this role's band, MiB/s. */
  readonly below: number;
  readonly upTo: number;
}

export interface RoleRates {
  readonly role: Uplinks['role'];
  readonly sentBytes: number;
  /** Null: nothing holds them. */
  readonly couldBytes: number | null;
  readonly points: readonly RatePoint[];
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Roles that start with the file lie at the bottom, receivers above them. */
export function stackedRates({ uplinks, stepMs }: Exhibit): RoleRates[] {
  const rate = (bytes: number): number => bytes / MIB / (stepMs / 1000);
  const below: number[] = [];
  // A role that cannot send (a client) would be a name without an area.
  const senders = uplinks.filter(({ sentBytes }) => sum(sentBytes) > 0);
  return senders.map(({ role, sentBytes, couldBytes }) => ({
    role,
    sentBytes: sum(sentBytes),
    couldBytes: couldBytes && sum(couldBytes),
    points: sentBytes.map((bytes, i) => {
      const from = below[i] ?? 0;
      below[i] = from + rate(bytes);
      return { ...stepAt(i, stepMs), below: from, upTo: below[i]! };
    }),
  }));
}

const stepAt = (i: number, stepMs: number): { from: number; to: number } => ({
  from: (i * stepMs) / 1000,
  to: ((i + 1) * stepMs) / 1000,
});

/** Capacity of all uplinks together at the ends of each step; empty if one has no limit. */
export function couldRates({ uplinks, stepMs }: Exhibit): { seconds: number; rate: number }[] {
  const could = uplinks.map(({ couldBytes }) => couldBytes);
  if (could.some((bytes) => bytes === null)) return [];
  const steps = Math.max(0, ...could.map((bytes) => bytes!.length));
  return Array.from({ length: steps }, (_, i) => {
    const { from, to } = stepAt(i, stepMs);
    const rate = sum(could.map((bytes) => bytes![i] ?? 0)) / MIB / (stepMs / 1000);
    return [
      { seconds: from, rate },
      { seconds: to, rate },
    ];
  }).flat();
}

const LEFT = 56;
const RIGHT = 24;
/** The first role is the deepest. */
const opacityOf = (index: number): number => Math.max(0.2, 0.9 - 0.45 * index);

const rateTitle = ({ role, sentBytes, couldBytes }: RoleRates, point: RatePoint): string =>
  `${role}, ${point.from.toFixed(2)} to ${point.to.toFixed(2)} s: ${(point.upTo - point.below).toFixed(2)} MiB/s; in all ${(sentBytes / MIB).toFixed(1)} MiB${couldBytes ? `, ${percentText(sentBytes / couldBytes)} of what it could` : ''}`;

function draw({ exhibit, run, style }: ShownExhibit): string {
  const roles = stackedRates(exhibit);
  const could = couldRates(exhibit);
  const steps = Math.max(0, ...exhibit.uplinks.map(({ sentBytes }) => sentBytes.length));
  const end = (steps * exhibit.stepMs) / 1000 || 1;
  const top = topOf([
    ...could.map(({ rate }) => rate),
    ...roles.flatMap(({ points }) => points.map(({ upTo }) => upTo)),
  ]);
  return drawChart(`What each role sent over time, one run of a ${run.architecture}`, {
    height: FIGURE_HEIGHT + KEYS_TOP,
    marginTop: KEYS_TOP + NAMES_TOP,
    marginLeft: LEFT,
    marginRight: RIGHT,
    x: { label: 'seconds after the go', domain: [0, end] },
    y: { label: 'sent, MiB/s', domain: [0, top], grid: true },
    marks: [
      ...keys(
        [
          ...roles.map(({ role }, i) => ({
            text: `by ${role === 'receiver' ? 'receivers' : role}`,
            colour: style.colour,
            opacity: opacityOf(i),
          })),
          ...(could.length > 0
            ? [{ text: 'what all uplinks could', colour: BOUND_COLOUR, glyph: '\u2504' }]
            : []),
        ],
        KEYS_DY - NAMES_TOP,
      ),
      Plot.ruleY([0]),
      ...roles.map((role, i) =>
        Plot.rect(role.points, {
          x1: 'from',
          x2: 'to',
          y1: 'below',
          y2: 'upTo',
          fill: style.colour,
          fillOpacity: opacityOf(i),
          // Neighbours must touch without a seam.
          shapeRendering: 'crispEdges',
          title: (point: RatePoint) => rateTitle(role, point),
        }),
      ),
      Plot.line(could, {
        x: 'seconds',
        y: 'rate',
        stroke: BOUND_COLOUR,
        strokeWidth: 1.5,
        strokeDasharray: BOUND_DASH,
        title: () => 'what all uplinks could send',
      }),
      ...faultMarks(run.faults, { end, width: FIGURE_WIDTH - LEFT - RIGHT }),
    ],
  });
}

const caption = ({ run, exhibit }: ShownExhibit): string =>
  `One run (${run.id}), in steps of ${Math.round(exhibit.stepMs)} ms: payload sent by each role, one upon the other${couldRates(exhibit).length > 0 ? '; dashed: what the uplinks of all of them together could send' : ''}. Client-server leaves the receivers' uplinks empty; a swarm that did so too would have no advantage.`;

export const uplinksFigures = ({ exhibits }: Scene): Markup[] =>
  exhibits
    .filter(({ exhibit }) => stackedRates(exhibit).length > 0)
    .map((shown) => {
      const where = pointText(shown.run.point);
      return figure(
        `Whose uplinks are used: ${shown.style.label}${where ? `, ${where}` : ''}`,
        draw(shown),
        caption(shown),
      );
    });
