// Marks that figures of runs share: every run as a point, medians as lines, theory dashed
// and grey with its name beside it, and a line of what colours mean.
import * as Plot from '@observablehq/plot';
import { medianLine, type NamedLine, type RunPoint, type XY } from '../data/series.ts';
import type { ArmStyle } from './arm-style.ts';
import { LETTER_WIDTH } from './axis.ts';
import { armDots, armLine, BOUND_COLOUR, BOUND_DASH, hollowDots } from './chart.ts';

/** The end of an axis that starts at 0 and holds all of this. */
export function topOf(values: readonly (number | null)[], room = 1.08): number {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  return Math.max(0, ...finite) * room || 1;
}

/** The same with room at the top for crosses, which stand there for what never came. */
export const NEVER_ROOM = 1.2;

/** A point in words, shown when a mouse rests on it. */
export const runTitle = ({ run, y }: RunPoint, text: (value: number) => string): string =>
  `${run.id}: ${y === null ? 'never' : text(y)}${run.verdict.state === 'valid' ? '' : `, ${run.verdict.state}`}`;

export interface RunDotOptions {
  readonly text: (value: number) => string;
  /** Pixels to the right, so that series do not cover each other. */
  readonly dx?: number;
}

/** Hollow where a run is not valid; a cross at the top where it never came to it. */
export function runDots(
  style: ArmStyle,
  points: readonly RunPoint[],
  { text, dx = 0 }: RunDotOptions,
): Plot.Markish[] {
  const channels = {
    x: ({ x }: RunPoint) => x,
    y: ({ y }: RunPoint) => y ?? 0,
    title: (point: RunPoint) => runTitle(point, text),
    dx,
  };
  const there = points.filter(({ y }) => y !== null);
  const never = points.filter(({ y }) => y === null);
  return [
    armDots(
      style,
      there.filter(({ run }) => run.verdict.state === 'valid'),
      channels,
    ),
    hollowDots(
      style,
      there.filter(({ run }) => run.verdict.state !== 'valid'),
      channels,
    ),
    Plot.text(never, {
      x: channels.x,
      title: channels.title,
      dx,
      frameAnchor: 'top',
      text: () => '\u2715',
      fill: style.colour,
      fontWeight: 'bold',
    }),
  ];
}

const x = ({ x: value }: XY): number => value;
const y = ({ y: value }: XY): number => value;

export const runMedians = (style: ArmStyle, points: readonly RunPoint[]): Plot.Markish =>
  armLine(style, medianLine(points), { x, y });

const NAME_EM = 8.5;
/** Room to the right of a frame for names of lines, pixels. */
export const NAMES_WIDTH = 126;
const LINE_HEIGHT = 16;

export interface Frame {
  /** Largest value of the y axis, which starts at 0. */
  readonly top: number;
  /** Height of the frame without its margins, pixels. */
  readonly height: number;
}

/** Dashed lines, named to the right of the frame; names that would cover each other move apart. */
export function theoryLines(lines: readonly NamedLine[], { top, height }: Frame): Plot.Markish[] {
  const names = lines.map(({ name, points }) => ({
    name,
    at: (1 - Math.min(1, (points.at(-1)?.y ?? 0) / top)) * height,
    height: LINE_HEIGHT * Math.ceil((name.length * LETTER_WIDTH) / (NAMES_WIDTH - 14)),
  }));
  const middles = spread(names, height);
  return lines.flatMap(({ name, points }, i) => [
    Plot.line(points, {
      x: 'x',
      y: 'y',
      stroke: BOUND_COLOUR,
      strokeWidth: 1.5,
      strokeDasharray: BOUND_DASH,
      title: () => name,
    }),
    Plot.text([name], {
      frameAnchor: 'right',
      // Counted from the middle of the frame, since a name need not stand at its line's end.
      dy: middles[i]! - height / 2,
      dx: 8,
      textAnchor: 'start',
      text: (text: string) => text,
      fill: BOUND_COLOUR,
      lineWidth: NAME_EM,
      fontStyle: 'italic',
    }),
  ]);
}

interface Slot {
  /** Its middle. */
  readonly at: number;
  readonly height: number;
}

/** Label centres: same order, as near as possible to the wanted position, no overlap. */
export function spread(slots: readonly Slot[], room: number): number[] {
  const order = slots.map((_, i) => i).sort((a, b) => slots[a]!.at - slots[b]!.at);
  const middles = slots.map(({ at }) => at);
  let free = 0;
  for (const i of order) {
    const half = slots[i]!.height / 2;
    middles[i] = Math.max(middles[i]!, free + half);
    free = middles[i]! + half;
  }
  free = Math.max(
    room,
    slots.reduce((sum, { height }) => sum + height, 0),
  );
  for (const i of order.toReversed()) {
    const half = slots[i]!.height / 2;
    middles[i] = Math.min(middles[i]!, free - half);
    free = middles[i]! - half;
  }
  return middles;
}

/** Room above a frame for the label of its y axis and a line of keys. */
export const KEYS_TOP = 46;
/** Offset of the keys from the top of the frame, pixels. */
export const KEYS_DY = -14;

export interface Key {
  readonly text: string;
  readonly colour: string;
  readonly opacity?: number;
  readonly glyph?: string;
}

/** Meanings of colours, in a line above the frame. */
export function keys(shown: readonly Key[], dy = KEYS_DY): Plot.Markish[] {
  let free = 0;
  return shown.flatMap(({ text, colour, opacity = 1, glyph = '\u25A0' }) => {
    const dx = free;
    free += (text.length + 4.5) * LETTER_WIDTH;
    const place = {
      frameAnchor: 'top-left',
      facetAnchor: 'top-left',
      textAnchor: 'start',
      dy,
    } as const;
    return [
      Plot.text([glyph], { ...place, dx, fill: colour, fillOpacity: opacity, fontSize: 16 }),
      Plot.text([text], { ...place, dx: dx + 17, fill: 'currentColor' }),
    ];
  });
}
