// Compares names as people read them: numbers by their value (`part2` before `part10`), in either
// case. Pure.
const COLLATOR = new Intl.Collator('en', { numeric: true });

/** As for Array.sort(); 0 for names that differ in nothing that people order by. */
export const compareNaturally = COLLATOR.compare;
