// The file that is handed out: made from the seed, or any real one; and its hash.
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create as createArchive } from 'tar';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { createRng } from '../../runtime/rng.ts';

/** Bytes generated at a time. */
const CHUNK_BYTES = 1024 * 1024;

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), hash);
  return hash.digest('hex');
}

/** Bytes that no compression shortens, the same for the same seed. */
export async function generateFile(path: string, bytes: number, seed: number): Promise<void> {
  const rng = createRng(seed);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx').catch((error: unknown) => {
    throw fileError(error, path);
  });
  try {
    for (let written = 0; written < bytes; written += CHUNK_BYTES) {
      const words = new Uint32Array(CHUNK_BYTES / 4).map(() => rng.below(0x1_0000_0000));
      await file.writeFile(new Uint8Array(words.buffer, 0, Math.min(CHUNK_BYTES, bytes - written)));
    }
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await file.close();
  }
}

/** Name and size of a file given with --file. */
export async function inspectFile(path: string): Promise<{ name: string; bytes: number }> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (!found.isFile() || found.size === 0) {
    throw new HubswarmError('ERR_USAGE', `--file: '${path}' is not a file with something in it`);
  }
  return { name: basename(path), bytes: found.size };
}

/**
 * A directory as one archive below `dir`, so that both architectures hand out the
 * same bytes; a file as it is. Modes and owners are left out.
 */
export async function packDirectory(path: string, dir: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (!found.isDirectory()) return path;
  const whole = resolve(path);
  const archive = join(dir, `${basename(whole) || 'root'}.tar`);
  await createArchive({ file: archive, cwd: dirname(whole), portable: true }, [
    basename(whole) || '.',
  ]).catch((error: unknown) => {
    throw fileError(error, path);
  });
  return archive;
}

/** A directory with this file alone, so that a server's root shows nothing else of this disk. */
export async function placeFile(path: string, dir: string): Promise<void> {
  const target = join(dir, basename(path));
  await mkdir(dir, { recursive: true });
  try {
    await link(path, target);
  } catch (error) {
    // Another file system, or one without links.
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'EACCES'].includes(systemCode(error) ?? '')) {
      throw fileError(error, path);
    }
    await copyFile(path, target, constants.COPYFILE_FICLONE).catch((failed: unknown) => {
      throw fileError(failed, path);
    });
  }
}
