// Where a benchmark has its files: memory, where there is some as files, since a disk that writes
// back is not what is measured. Gone when the process ends.
import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 2 ** 20;

export const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let made;
/** A directory of this process; made when it is first asked for. */
export function scratchDir() {
  if (made) return made;
  made = mkdtempSync(join(SCRATCH, 'hubswarm-bench-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

const files = new Map();

/** Random bytes: nothing on the way can make them fewer. */
export function fileOf(bytes, place = scratchDir()) {
  const known = files.get(bytes);
  if (known) return known;
  const path = join(place, `${bytes / MIB}MiB`);
  const block = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let i = 0; i < bytes / MIB; i++) writeSync(fd, randomFillSync(block));
  closeSync(fd);
  files.set(bytes, path);
  return path;
}
