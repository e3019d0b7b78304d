// When a share has been given often enough, or for long enough.
import { isOver, type Share } from './share.ts';

export interface Limits {
  /** Payload sent over the length of what is shared; none if left out. */
  readonly maxRatio?: number | undefined;
  /** Milliseconds since it was shared; none if left out. */
  readonly maxSeedMs?: number | undefined;
}

/** Bytes sent over bytes of the content; an empty one cannot be given. */
const ratioOf = ({ bytes, sentBytes }: Share): number => (bytes === 0 ? 0 : sentBytes / bytes);

/** The limit that it has reached; undefined for none, or if it is over already. */
export function limitReached(
  share: Share,
  { maxRatio, maxSeedMs }: Limits,
  nowMs: number,
): 'ratio' | 'time' | undefined {
  if (isOver(share)) return undefined;
  if (maxRatio !== undefined && ratioOf(share) >= maxRatio) return 'ratio';
  if (maxSeedMs !== undefined && nowMs - share.sharedAt >= maxSeedMs) return 'time';
  return undefined;
}
