// When the script of a run did something: dashed lines in the colour of faults, named
// where there is room for the name. What is not named says so to a pointer on it.
import * as Plot from '@observablehq/plot';
import { secondsText } from '../../terms/amount-text.ts';
import type { Run } from '../../terms/result.ts';
import { LETTER_WIDTH } from './axis.ts';
import { FAULT_COLOUR } from './chart.ts';

type Fault = Pick<Run['faults'][number], 'text' | 'do' | 'node' | 'atMs'>;

/** Room above a frame for their names. */
export const NAMES_TOP = 24;

export interface Span {
  /** Seconds at the right end of the frame. */
  readonly end: number;
  /** Width of the frame, pixels. */
  readonly width: number;
}

export interface PlacedName {
  readonly text: string;
  readonly seconds: number;
  readonly anchor: 'start' | 'end';
}

const shortText = ({ do: what, node }: Fault): string =>
  `\u2715 ${what}${node === null ? '' : ` ${node}`}`;

/** Groups faults of one kind whose names would overlap. */
function clusters(faults: readonly Fault[], { end, width }: Span): Fault[][] {
  const found: Fault[][] = [];
  for (const fault of faults.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = found.findLast(([first]) => first!.do === fault.do);
    const apart = last ? ((fault.atMs - last[0]!.atMs) / 1000 / end) * width : width;
    if (last && fault.node !== null && apart < shortText(fault).length * LETTER_WIDTH)
      last.push(fault);
    else found.push([fault]);
  }
  return found;
}

/** Names that fit beside each other, each on the side of its line where there is room. */
export function placedNames(faults: readonly Fault[], span: Span): PlacedName[] {
  const { end, width } = span;
  let free = Number.NEGATIVE_INFINITY;
  return clusters(faults, span).flatMap((cluster): PlacedName[] => {
    const [first] = cluster;
    const text =
      cluster.length === 1 ? shortText(first!) : `\u2715 ${first!.do} ${cluster.length} nodes`;
    const seconds = first!.atMs / 1000;
    const at = (seconds / end) * width;
    const length = (text.length + 1) * LETTER_WIDTH;
    const anchor = at + length > width && at - length > free ? 'end' : 'start';
    const left = anchor === 'end' ? at - length : at;
    if (left < free || left + length > width + LETTER_WIDTH * 3) return [];
    free = left + length;
    return [{ text, seconds, anchor }];
  });
}

/** @param lane of a figure in lanes: the one in which they are drawn */
export function faultMarks(faults: readonly Fault[], span: Span, lane?: string): Plot.Markish[] {
  const facet = lane === undefined ? {} : { fy: () => lane };
  const names = placedNames(faults, span);
  return [
    Plot.ruleX(faults, {
      ...facet,
      x: ({ atMs }: Fault) => atMs / 1000,
      stroke: FAULT_COLOUR,
      strokeWidth: 2,
      strokeDasharray: '4 3',
      title: ({ text, atMs }: Fault) => `${text}: ${secondsText(atMs)} s`,
    }),
    ...(['start', 'end'] as const).map((anchor) =>
      Plot.text(
        names.filter((name) => name.anchor === anchor),
        {
          // Lines that cross all lanes of a figure are named once.
          ...(lane === undefined ? { facetAnchor: 'top' } : facet),
          x: 'seconds',
          text: 'text',
          frameAnchor: 'top',
          textAnchor: anchor,
          fill: FAULT_COLOUR,
          stroke: 'var(--paper)',
          strokeWidth: 4,
          fontWeight: 'bold',
          lineAnchor: lane === undefined ? 'bottom' : 'top',
          dy: lane === undefined ? -4 : 0,
          dx: anchor === 'start' ? -4 : 4,
        },
      ),
    ),
  ];
}
