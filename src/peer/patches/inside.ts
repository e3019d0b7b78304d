// Looks for the members that a patch needs in the objects of a package, beyond their declared
// types. An upgrade of the package may remove one: then the package works as it came, and one
// warning says so.
import { tellFailure } from '../../runtime/guarded.ts';

const told = new Set<string>();

/**
 * The object as the patch knows it; undefined, and told of once, if a member is missing.
 *
 * @param patch what it changes, as in "one write a message": a constant, for the report
 */
export function inside<T extends object>(
  patch: string,
  object: object | undefined,
  ...members: (keyof T & string)[]
): T | undefined {
  const known = object as Partial<T> | undefined;
  const missing = members.filter((name) => known?.[name] === undefined);
  if (missing.length === 0) return known as T;
  if (!told.has(patch)) {
    told.add(patch);
    tellFailure(`the patch '${patch}'`, new Error(`there is no ${missing.join(', no ')}`));
  }
  return undefined;
}
