// Whether the terminal is this process's own, or a shell's that has put it aside with '&'.
import { readFileSync } from 'node:fs';

/** Of /proc/self/stat behind the name, which may hold anything: see proc(5). */
const PROCESS_GROUP = 2;
const TERMINALS_GROUP = 5;

/** True also where that cannot be told, as elsewhere than on Linux, and without a terminal. */
export function isForeground(): boolean {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return true;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const group = fields[TERMINALS_GROUP];
  return group === undefined || Number(group) <= 0 || group === fields[PROCESS_GROUP];
}
