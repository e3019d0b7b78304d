// How the values of a swept setting stand on an axis: its words, its units, and
// doublings at equal distances where it is about sizes and counts.
import type * as Plot from '@observablehq/plot';
import type { Scalar } from '../plan.ts';
import { rateText } from '../words.ts';

const KIB = 1024;
const MIB = 2 ** 20;

/** Of text in figures, in pixels: a generous mean over digits and letters. */
export const LETTER_WIDTH = 7;

interface Axis {
  readonly label: string;
  /** Doublings stand equally far apart. */
  readonly doubling: boolean;
  readonly text: (value: number) => string;
}

export function sizeText(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  const [amount, unit] = bytes < MIB ? [bytes / KIB, 'KiB'] : [bytes / MIB, 'MiB'];
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${unit}`;
}

const shareText = (value: number): string => `${Math.round(value * 100)} %`;

const AXES: Readonly<Record<string, Axis>> = {
  receivers: { label: 'receivers N', doubling: true, text: String },
  fileBytes: { label: 'size of the file', doubling: true, text: sizeText },
  pieceLength: { label: 'length of a piece', doubling: true, text: sizeText },
  uplinkBytesPerSecond: { label: 'uplink', doubling: true, text: rateText },
  originUplinkFactor: { label: "origin's uplink, times the base", doubling: true, text: String },
  downlinkFactor: { label: 'downlink, times the base uplink', doubling: true, text: String },
  riderShare: { label: 'free riders among the receivers', doubling: false, text: shareText },
  lifetimeShare: { label: 'mean share before a peer vanishes', doubling: false, text: shareText },
  attackers: { label: 'attackers beside the receivers', doubling: false, text: String },
  hubs: { label: 'hubs', doubling: false, text: String },
  kill: { label: 'copies sent when the origin was killed', doubling: false, text: String },
};

/** Of a key that has no words here, its name. */
export const axisOf = (key: string): Axis =>
  AXES[key] ?? { label: key, doubling: false, text: String };

/** `1 MiB`, `25 %`, `first copy`: a value of the sweep as a person reads it. */
export const valueText = (key: string, value: Scalar): string =>
  typeof value === 'number' ? axisOf(key).text(value) : value;

const ascending = (values: readonly number[]): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

/** @param width of the axis in pixels; ticks whose texts would touch are left out */
export function sweptScale(
  key: string,
  swept: readonly number[],
  width: number,
): Plot.ScaleOptions {
  const { label, doubling, text } = axisOf(key);
  const values = ascending(swept);
  const log = doubling && values.every((value) => value > 0);
  const at = (value: number): number => (log ? Math.log2(value) : value);
  const [low, high] = [at(values[0]!), at(values.at(-1)!)];
  // A single value needs some width to stand in, too.
  const margin = high > low ? (high - low) * 0.06 : 1;
  const domain = [low - margin, high + margin];
  const pixels = (value: number): number =>
    ((at(value) - domain[0]!) / (domain[1]! - domain[0]!)) * width;
  return {
    type: log ? 'log' : 'linear',
    ...(log ? { base: 2 } : {}),
    domain: log ? domain.map((power) => 2 ** power) : domain,
    ticks: apart(values, pixels, text),
    tickFormat: text,
    label: log ? `${label} (log scale)` : label,
  };
}

function apart(
  values: readonly number[],
  pixels: (value: number) => number,
  text: (value: number) => string,
): number[] {
  let free = Number.NEGATIVE_INFINITY;
  return values.filter((value) => {
    const half = (text(value).length * LETTER_WIDTH) / 2;
    if (pixels(value) - half < free) return false;
    free = pixels(value) + half + LETTER_WIDTH;
    return true;
  });
}
