// The small files that a process keeps for itself: keys, contacts, certificates, manifests.
// Written whole or not at all: under a temporary name, then put in place; only the
// user may read them. Read with a cap, and without waiting where somebody put a pipe.
import { randomUUID } from 'node:crypto';
import { constants, link, open, rename, rm } from 'node:fs/promises';
import { fileError, systemCode } from '../errors.ts';
import { nameBeside } from './name-beside.ts';

/** 50 peers of four addresses need 20 KiB; whatever is much longer is not ours. */
const MAX_BYTES = 64 * 1024;

/** @throws HubswarmError of the file system */
export function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  return place(path, bytes, async (temporary) => {
    await rename(temporary, path);
  });
}

/**
 * As writeWhole, but never over a file that is there: false then.
 *
 * @throws HubswarmError of the file system
 */
export async function createWhole(path: string, bytes: Uint8Array | string): Promise<boolean> {
  let created = true;
  await place(path, bytes, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      created = false;
    }
    await rm(temporary);
  });
  return created;
}

async function place(
  path: string,
  bytes: Uint8Array | string,
  move: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = nameBeside(path, `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      // Without it a crash of the machine can leave an empty file under the name.
      await file.sync();
    } finally {
      await file.close();
    }
    await move(temporary);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}

export interface SmallFile {
  readonly text: string;
  /** Others than the owner may read it. */
  readonly exposed: boolean;
}

/**
 * Undefined when it is missing, too long or no file.
 *
 * @throws HubswarmError when it exists and may not be read
 */
export async function readSmall(
  path: string,
  mostBytes = MAX_BYTES,
): Promise<SmallFile | undefined> {
  const file = await readBounded(path, mostBytes);
  return file && { text: file.bytes.toString('utf8'), exposed: file.exposed };
}

/** As readSmall, of bytes that are no text. */
export async function readBounded(
  path: string,
  mostBytes: number,
): Promise<{ readonly bytes: Buffer; readonly exposed: boolean } | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > mostBytes) return undefined;
      const bytes = Buffer.alloc(stat.size);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return { bytes: bytes.subarray(0, bytesRead), exposed: (stat.mode & 0o077) !== 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/**
 * The file's JSON; undefined when it is missing, too long, a pipe or no JSON.
 *
 * @throws HubswarmError when it exists and may not be read
 */
export async function readJson(path: string): Promise<unknown> {
  const file = await readSmall(path);
  return file && tryJson(file.text);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
