// What a file of a mirror is called until it is whole: beside its final name, hidden, and
// short, so that it is no name of a hub's and fits wherever the final one does. It depends
// on the final name alone, so that the next run goes on there.
import { createHash } from 'node:crypto';

/** Of its SHA-256: enough that no two names of one directory meet. */
const HASH_DIGITS = 32;
const STAGING = new RegExp(`^\\.hubswarm-[0-9a-f]{${HASH_DIGITS}}(\\.[a-z0-9.]+)?$`);

export function stagingName(name: string): string {
  return `.hubswarm-${createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)}`;
}

/** The file itself, a partial of it, and what lies beside that. */
export const isStaging = (name: string): boolean => STAGING.test(name);
