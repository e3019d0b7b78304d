// The small files of a peer's data directory. Written whole or not at all: under
// a temporary name, then renamed; only the user may read them. Read with a cap,
// and without trust: what is not JSON is as good as missing.
import { randomUUID } from 'node:crypto';
import { constants, open, rename, rm } from 'node:fs/promises';
import { fileError, systemCode } from '../runtime/errors.ts';

/** 50 peers of four addresses need 20 KiB; whatever is much longer is not ours. */
const MAX_JSON_BYTES = 64 * 1024;

/** @throws HubswarmError of the file system */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      // Without it a crash of the machine can leave an empty file under the name.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}

/**
 * The file's JSON; undefined when it is missing, too long, a pipe or no JSON.
 *
 * @throws HubswarmError when it exists and may not be read
 */
export async function readJson(path: string): Promise<unknown> {
  try {
    // Not to wait for a writer where somebody put a pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > MAX_JSON_BYTES) return undefined;
      const bytes = Buffer.alloc(stat.size);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return tryJson(bytes.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
