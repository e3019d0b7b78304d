// Runs of whole numbers, for naming many pieces in few words.

/** From the first to the last, both included. */
export type Range = [number, number];

/** Runs that are named; a count beside them tells the rest. Chosen. */
const MOST_RANGES = 16;

/** Ascending numbers as runs; cut after 16 of them. */
export function rangesOf(numbers: readonly number[]): Range[] {
  const ranges: Range[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else if (ranges.length < MOST_RANGES) ranges.push([number, number]);
    else break;
  }
  return ranges;
}

/** As in `0-3, 7, ...`: the dots stand for what may have been cut. */
export function describeRanges(ranges: readonly Range[]): string {
  const runs = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return runs.length < MOST_RANGES ? runs.join(', ') : `${runs.join(', ')}, ...`;
}
