// The header field of a request that lets something of another kind give way to a new file or
// directory: `empty` an empty directory, `tree` a directory with all that is in it; both let a file
// give way to a directory. A hub that knows it refuses what does not give way with 412; others
// answer 409, as if it was not said.
import { Refusal } from '../runtime/refusal.ts';

export const REPLACE_FIELD = 'X-Hubswarm-Replace';

const WISHES = ['empty', 'tree'] as const;

export type ReplaceWish = (typeof WISHES)[number];

/** @param value of the field. @throws Refusal ERR_MALFORMED */
export function parseReplaceWish(value: string | undefined): ReplaceWish | undefined {
  const wish = WISHES.find((each) => each === value);
  if (value === undefined || wish) return wish;
  throw new Refusal('ERR_MALFORMED', `${REPLACE_FIELD}: give one of ${WISHES.join(', ')}`);
}
