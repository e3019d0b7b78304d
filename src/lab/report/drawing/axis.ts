// How the values of a swept setting stand on an axis: doublings at equal distances where
// it is about sizes and counts, and no two ticks whose texts would touch.
import type * as Plot from '@observablehq/plot';
import { ascending } from '../data/series.ts';
import { keyAxis, scalarText } from '../words/point-text.ts';

/** Width of a letter in figures, pixels: a generous mean of letters and digits. */
export const LETTER_WIDTH = 7;

const DOUBLING = new Set([
  'receivers',
  'fileBytes',
  'pieceLength',
  'uplinkBytesPerSecond',
  'originUplinkFactor',
  'downlinkFactor',
]);

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
    ticks: values.filter((_, i) => i % strideOf(values, pixels, text) === 0),
    tickFormat: text,
    label: isLog ? `${keyAxis(key)} (log scale)` : keyAxis(key),
  };
}

/** Every tick, or every second, and so on: the first stride at which no two texts touch. */
function strideOf(
  values: readonly number[],
  pixels: (value: number) => number,
  text: (value: number) => string,
): number {
  const half = (value: number): number => ((text(value).length + 1) * LETTER_WIDTH) / 2;
  const fits = (stride: number): boolean =>
    values
      .filter((_, i) => i % stride === 0)
      .every(
        (value, i, kept) =>
          i === 0 || pixels(value) - half(value) >= pixels(kept[i - 1]!) + half(kept[i - 1]!),
      );
  let stride = 1;
  while (stride < values.length && !fits(stride)) stride++;
  return stride;
}
