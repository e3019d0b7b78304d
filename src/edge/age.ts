// How long ago the origin confirmed a version. The wall clock may be set, and then an age by it is
// too small, or below zero; the monotonic clock may stand still while the machine sleeps, and is
// another one in the next run. So the greater age counts: at worst the origin is asked once more.

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly checkedAtMs: number;
  /** By the monotonic clock of this process; none if an earlier run has stored it. */
  readonly checkedAt?: number;
}

export const thisMoment = (): Required<Moment> => ({
  checkedAtMs: Date.now(),
  checkedAt: performance.now(),
});

/** So many milliseconds before. */
export const earlier = ({ checkedAtMs, checkedAt }: Required<Moment>, ms: number) => ({
  checkedAtMs: checkedAtMs - ms,
  checkedAt: checkedAt - ms,
});

/** Milliseconds; Infinity if a stored time lies in the future, since the clock was set. */
export function ageOf({ checkedAtMs, checkedAt }: Moment, now = thisMoment()): number {
  const ageMs = now.checkedAtMs - checkedAtMs;
  if (checkedAt !== undefined) return Math.max(ageMs, now.checkedAt - checkedAt);
  return ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs;
}
