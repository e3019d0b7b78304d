// Orders names for people. Programs get the order of UTF-16 code units, which costs nothing here.
// Pure.
import type { Names } from '../../hub/catalogue/directory-names.ts';
import { compareNaturally } from '../../runtime/natural-order.ts';

/** More names keep the order of programs. Chosen: some 10 ms, and more than people read. */
const MAX_NAMES = 5000;

/** The order is the same for each request, so that pages follow one another. */
export function inNaturalOrder(names: Names): Names {
  if (names.directories.length + names.files.length > MAX_NAMES) return names;
  // Names that differ in nothing else keep the order that they have.
  const sorted = (list: readonly string[]) => list.toSorted(compareNaturally);
  return { ...names, directories: sorted(names.directories), files: sorted(names.files) };
}
