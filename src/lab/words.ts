// Figures as people read them, the same in the terminal and in the report.
import type { Range } from './analysis/stats.ts';

const MIB = 2 ** 20;

export const secondsText = (ms: number): string => (ms / 1000).toFixed(2);
/** Nothing is claimed of what no link limits. */
export const boundText = (ms: number): string => (ms > 0 ? secondsText(ms) : '-');
export const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const timesText = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 1 : 0)}x`;
export const copiesText = (copies: number): string => copies.toFixed(2);
export const mibText = (bytes: number): string => {
  const mib = bytes / MIB;
  return `${mib >= 10 || Number.isInteger(mib) ? mib.toFixed(0) : mib.toFixed(2)} MiB`;
};
export const rateText = (bytesPerSecond: number): string =>
  `${(bytesPerSecond / MIB).toFixed(2)} MiB/s`;

/** `1.05 [1.02 1.08]`, or the one figure when there is no spread to show. */
export function rangeText(range: Range | null, text: (value: number) => string): string {
  if (range === null) return '-';
  const [low, high] = [text(range.min), text(range.max)];
  return low === high ? low : `${text(range.median)} [${low} ${high}]`;
}
