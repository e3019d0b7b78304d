// Where the daemon of a data directory keeps what is its own, and where other terminals find it: in
// `<data directory>/daemon`, so that who names the same data directory finds the same daemon, whatever
// else stands in its environment (a terminal of cron, su or ssh has another XDG_RUNTIME_DIR, or none).
// One daemon has it at a time. Nobody but its user may write there, or read.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError, reworded } from '../runtime/errors.ts';
import { lockDirectory, type Release } from '../runtime/node/directory-lock.ts';
import { makeDirectory } from '../runtime/node/make-directory.ts';

export interface DaemonPlace {
  readonly dir: string;
  /** Takes commands from other terminals. */
  readonly socket: string;
  /** What is shared. */
  readonly list: string;
}

/** Longest path of a socket on Linux (unix(7)) and elsewhere, in bytes. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

export function placeIn(dataDir: string): DaemonPlace {
  const dir = join(dataDir, 'daemon');
  return { dir, socket: join(dir, 'socket'), list: join(dir, 'shares') };
}

/** @throws HubswarmError ERR_LOCKED if a daemon of that directory runs, ERR_NOT_PERMITTED, ERR_USAGE */
export async function takePlace(
  dataDir: string,
  warn: (message: string) => void,
): Promise<DaemonPlace & { readonly release: Release }> {
  const place = placeIn(dataDir);
  const bytes = Buffer.byteLength(place.socket);
  if (bytes > MAX_SOCKET_PATH) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${place.socket}: a socket's path may have ${MAX_SOCKET_PATH} bytes, this one has ${bytes}; --data names a shorter directory`,
    );
  }
  try {
    await makeDirectory(place.dir, 0o700);
  } catch (error) {
    throw reworded(error, (message) => `${message}; --data names another directory`);
  }
  await checkOwn(place.dir);
  const lock = await lockDirectory(place.dir, { warn });
  if ('release' in lock) return { ...place, release: lock.release };
  throw new HubswarmError(
    'ERR_LOCKED',
    `${dataDir}: a daemon runs there already (${lock.heldBy}); see 'hubswarm status', or give another --data`,
  );
}

/** Whoever can write there can put another socket, or another list, in place of the daemon's. */
async function checkOwn(dir: string): Promise<void> {
  const { uid, mode } = await stat(dir).catch((error: unknown) => {
    throw fileError(error, dir);
  });
  if (process.getuid === undefined) return;
  if (uid !== process.getuid()) {
    throw new HubswarmError(
      'ERR_NOT_PERMITTED',
      `${dir}: belongs to another user; --data names a directory of your own`,
    );
  }
  if ((mode & 0o077) === 0) return;
  throw new HubswarmError(
    'ERR_NOT_PERMITTED',
    `${dir}: others may use it, and so the daemon; take that back with: chmod 700 ${dir}`,
  );
}
