/** An exponentially weighted average: `gain` is the weight of the new sample. */
export function smooth(value: number | undefined, sample: number, gain: number): number {
  return value === undefined ? sample : value + gain * (sample - value);
}
