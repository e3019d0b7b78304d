// The name of a mirror's file until it is complete: beside its final name, hidden, and short. So it
// is no name of a hub, and fits wherever the final name fits. It depends on the final name only, so
// the next run finds it again.
import { createHash } from 'node:crypto';

/** Hex digits of the name's SHA-256: enough that no two names of one directory collide. */
const HASH_DIGITS = 32;
const STAGING = new RegExp(`^\\.hubswarm-[0-9a-f]{${HASH_DIGITS}}(\\.[a-z0-9.]+)?$`);

export function stagingName(name: string): string {
  return `.hubswarm-${createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)}`;
}

/** Whether the name is a staging file, a partial of one, or a sidecar of one. */
export const isStaging = (name: string): boolean => STAGING.test(name);
