// A file that a person named to be read. It is opened without waiting and looked at first:
// open() waits for the writer of a pipe where no signal is heard, and a device may have no end.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileError, HubswarmError, systemCode } from '../errors.ts';

// O_NONBLOCK and O_NOCTTY are undefined on Windows, and so count as 0.
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * @param label how messages call it: the path, behind its option if it has one
 * @throws HubswarmError ERR_USAGE for what is no regular file; what the file system says
 */
export async function openNamed(
  path: string,
  label = path,
): Promise<{ readonly handle: FileHandle; readonly stats: Stats }> {
  let handle: FileHandle;
  try {
    handle = await open(path, READ);
  } catch (error) {
    // What open() says of a socket.
    throw systemCode(error) === 'ENXIO' ? irregular(label) : fileError(error, label);
  }
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, stats };
  await handle.close();
  throw irregular(label);
}

/** The whole text. @throws as openNamed(), and HubswarmError ERR_USAGE when it is longer */
export async function readNamed(path: string, mostBytes: number, label = path): Promise<string> {
  const { handle, stats } = await openNamed(path, label);
  try {
    if (stats.size <= mostBytes) return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
  throw new HubswarmError('ERR_USAGE', `${label}: is too long; at most ${mostBytes} bytes`);
}

const irregular = (label: string): HubswarmError =>
  new HubswarmError('ERR_USAGE', `${label}: is not a regular file; give one`);
