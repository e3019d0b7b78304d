// How the values of a swept setting stand on an axis: doublings at equal distances where
// it is about sizes and counts, and no two ticks whose texts would touch.
import type * as Plot from '@observablehq/plot';
import { keyAxis, scalarText } from './point-text.ts';

/** Of text in figures, in pixels: a generous mean over letters and digits. */
export const LETTER_WIDTH = 7;

const DOUBLING = new Set([
  'receivers',
  'fileBytes',
  'pieceLength',
  'uplinkBytesPerSecond',
  'originUplinkFactor',
  'downlinkFactor',
]);

const ascending = (values: readonly number[]): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

/** @param width of the axis in pixels */
export function sweptScale(
  key: string,
  swept: readonly number[],
  width: number,
): Plot.ScaleOptions {
  const values = ascending(swept);
  const isLog = DOUBLING.has(key) && values.every((value) => value > 0);
  const at = (value: number): number => (isLog ? Math.log2(value) : value);
  const text = (value: number): string => scalarText(key, value);
  const [low, high] = [at(values[0] ?? 1), at(values.at(-1) ?? 1)];
  // A single value needs some width to stand in, too.
  const margin = high > low ? (high - low) * 0.06 : 1;
  const domain = [low - margin, high + margin] as const;
  const pixels = (value: number): number =>
    ((at(value) - domain[0]) / (domain[1] - domain[0])) * width;
  return {
    ...(isLog ? { type: 'log', base: 2 } : { type: 'linear' }),
    domain: isLog ? domain.map((power) => 2 ** power) : [...domain],
    ticks: values.filter(apart(pixels, text)),
    tickFormat: text,
    label: isLog ? `${keyAxis(key)} (log scale)` : keyAxis(key),
  };
}

/** Of ticks in their order: is there room for this one beside those before it? */
export function apart(
  pixels: (value: number) => number,
  text: (value: number) => string,
): (value: number) => boolean {
  let free = Number.NEGATIVE_INFINITY;
  return (value) => {
    const half = (text(value).length * LETTER_WIDTH) / 2;
    if (pixels(value) - half < free) return false;
    free = pixels(value) + half + LETTER_WIDTH;
    return true;
  };
}
