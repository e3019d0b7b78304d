// Tells a partial file that a crash left from one that is being written: whoever writes it has it open.
// Linux shows this of all processes of the same user. Elsewhere a partial file counts as written to until
// it is old (leftovers.ts). So does one of another user. A writer on another machine or in another container is not
// seen: its upload then fails, and its sender is told so.
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { isPartial } from './partial-file.ts';

export async function isDeadPartial(path: string): Promise<boolean> {
  if (!isPartial(basename(path)) || process.platform !== 'linux') return false;
  try {
    const user = process.getuid?.();
    if (user !== 0 && (await lstat(path)).uid !== user) return false;
    return !(await isOpenSomewhere(await realpath(path)));
  } catch {
    return false;
  }
}

async function isOpenSomewhere(real: string): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    const home = `/proc/${pid}/fd`;
    // A process that ended meanwhile, or belongs to another user, has none.
    for (const fd of await readdir(home).catch(() => []))
      if ((await readlink(`${home}/${fd}`).catch(() => '')) === real) return true;
  }
  return false;
}
