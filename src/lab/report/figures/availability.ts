// Piece by piece and moment by moment: how many nodes that are there have it. One copy is
// a piece at risk, none is a piece that is lost.
import * as Plot from '@observablehq/plot';
import type { Exhibit } from '../../terms/result.ts';
import { drawChart, FAULT_COLOUR, FIGURE_HEIGHT, FIGURE_WIDTH } from '../drawing/chart.ts';
import { faultMarks, NAMES_TOP } from '../drawing/fault-marks.ts';
import { figure } from '../drawing/figure.ts';
import type { Markup } from '../drawing/html.ts';
import { KEYS_DY, KEYS_TOP, keys } from '../drawing/run-marks.ts';
import type { Scene, ShownExhibit } from '../drawing/scene.ts';
import { pointText } from '../words/point-text.ts';

/** A group of pieces while its scarcest one had so many copies. */
export interface Stretch {
  /** The first piece, counted from 0, and the first that is not of the group. */
  readonly from: number;
  readonly to: number;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly copies: number;
}

/** Joins equal neighbouring cells: a drawing of thousands of cells is slow to open. */
export function stretches({ copies, pieces, stepMs }: Exhibit): Stretch[] {
  const groups = copies[0]?.length ?? 0;
  return Array.from({ length: groups }, (_, group) => {
    const place = {
      from: Math.floor((group * pieces) / groups),
      to: Math.floor(((group + 1) * pieces) / groups),
    };
    const found: Stretch[] = [];
    copies.forEach((step, i) => {
      const count = step[group] ?? 0;
      const last = found.at(-1);
      const endedMs = (i + 1) * stepMs;
      if (last?.copies === count) found[found.length - 1] = { ...last, endedMs };
      else found.push({ ...place, beganMs: i * stepMs, endedMs, copies: count });
    });
    return found;
  }).flat();
}

interface Shade {
  readonly colour: string;
  readonly opacity: number;
}

const AT_RISK = 0.5;

/** The more copies, the deeper; at risk and lost stand out in another colour. */
export function shadeOf(copies: number, most: number, colour: string): Shade {
  if (copies === 0) return { colour: FAULT_COLOUR, opacity: 1 };
  if (copies === 1) return { colour: FAULT_COLOUR, opacity: AT_RISK };
  return { colour, opacity: 0.2 + (0.75 * (copies - 1)) / Math.max(1, most - 1) };
}

const RIGHT = 24;
const LEFT = 56;

function draw({ exhibit, run, style }: ShownExhibit): string {
  const cells = stretches(exhibit);
  const most = Math.max(...cells.map(({ copies }) => copies));
  const end = (exhibit.copies.length * exhibit.stepMs) / 1000;
  const shade = (copies: number): Shade => shadeOf(copies, most, style.colour);
  const shown = [...new Set([0, 1, 2, most])].filter((copies) => copies <= most);
  return drawChart('Copies of each piece over time, one run of a swarm', {
    height: FIGURE_HEIGHT + KEYS_TOP,
    marginTop: KEYS_TOP + NAMES_TOP,
    marginLeft: LEFT,
    marginRight: RIGHT,
    x: { label: 'seconds after the go', domain: [0, end] },
    y: { label: 'piece', domain: [0, exhibit.pieces] },
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    marks: [
      ...keys(
        shown.map((copies) => {
          const { colour, opacity } = shade(copies);
          return { text: copiesText(copies), colour, opacity };
        }),
        KEYS_DY - NAMES_TOP,
      ),
      Plot.rect(cells, {
        x1: ({ beganMs }) => beganMs / 1000,
        x2: ({ endedMs }) => endedMs / 1000,
        y1: 'from',
        y2: 'to',
        fill: ({ copies }) => shade(copies).colour,
        fillOpacity: ({ copies }) => shade(copies).opacity,
        // Neighbours must touch without a seam.
        shapeRendering: 'crispEdges',
        title: stretchTitle,
      }),
      ...faultMarks(run.faults, { end, width: FIGURE_WIDTH - LEFT - RIGHT }),
    ],
  });
}

const copiesText = (copies: number): string =>
  copies === 0 ? 'lost' : copies === 1 ? '1 copy: at risk' : `${copies} copies`;

function stretchTitle({ from, to, beganMs, endedMs, copies }: Stretch): string {
  const which = to - from === 1 ? `piece ${to}` : `pieces ${from + 1} to ${to}`;
  return `${which}: ${copiesText(copies)}, ${(beganMs / 1000).toFixed(2)} to ${(endedMs / 1000).toFixed(2)} s`;
}

function caption({ exhibit: { pieces, copies }, run }: ShownExhibit): string {
  const groups = copies[0]?.length ?? 0;
  const scarcest =
    groups < pieces ? ` (in ${groups} groups, for each of which its scarcest piece counts)` : '';
  return `One run (${run.id}): on how many nodes that are there each of ${pieces} pieces is${scarcest}. Everybody done although a piece was lost for good, or nobody although none was, would prove us wrong.`;
}

export const availabilityFigures = ({ exhibits }: Scene): Markup[] =>
  exhibits
    .filter(({ exhibit }) => exhibit.copies.some((step) => step.length > 0))
    .map((shown) => {
      const where = pointText(shown.run.point);
      return figure(
        `Copies of each piece: ${shown.style.label}${where ? `, ${where}` : ''}`,
        draw(shown),
        caption(shown),
      );
    });
