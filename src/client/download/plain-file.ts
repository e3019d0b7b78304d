// The partial file of a download from a plain HTTP server, which grows from its start:
// `<target>.part`. While a strong validator allows to continue it later, `<target>.part.json`
// beside it says which server and version the bytes come from. Invariants:
// - A file holds bytes of one version. A download that begins again begins a new file. Another
//   process may still write to the old file, and then finds that its name was taken.
// - The sidecar is removed before the file begins and written after it, and names the file by its
//   inode. After a kill or a race of two, at worst the part is begun again.
// - Nothing that only bears the part's name is written to: links, pipes, devices.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { FileAttributes } from '../../content/attributes.ts';
import { applyAttributes } from '../../disk/file-system/attributes.ts';
import { lstatIfAny, renameToNew, syncPath } from '../../disk/file-system/steps.ts';
import { writeAtEnd } from '../../disk/file-system/write-at-end.ts';
import { adoptAccess } from '../../disk/place/target-place.ts';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import { nameBeside } from '../../runtime/node/name-beside.ts';
import { readJson } from '../../runtime/node/small-file.ts';
import type { PlainSink, PlainVersion } from './plain-sink.ts';

/** Read length when a partial file is hashed again. */
const READ_BYTES = 2 ** 20;

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const FIND = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
const CREATE = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;

const sidecarSchema = z.object({
  url: z.string(),
  validator: z.string(),
  coding: z.string().optional(),
  bytes: z.number().int().nonnegative(),
  /** Inode of the partial file; older versions of this program did not write it. */
  inode: z.number().optional(),
});

interface Part {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly position: number;
  readonly version: PlainVersion | undefined;
}

export class PlainFileSink implements PlainSink {
  readonly #target: string;
  readonly #overwrite: boolean;
  #handle: FileHandle;
  #inode: number;
  position: number;
  version: PlainVersion | undefined;

  private constructor(target: string, overwrite: boolean, part: Part) {
    this.#target = target;
    this.#overwrite = overwrite;
    this.#handle = part.handle;
    this.#inode = part.inode;
    this.position = part.position;
    this.version = part.version;
  }

  /** @throws HubswarmError ERR_EXISTS, ERR_NOT_FOUND, ERR_NOT_PERMITTED */
  static async open(target: string, overwrite: boolean): Promise<PlainFileSink> {
    if (!overwrite && (await exists(target))) throw existsError(target);
    const part = (await findPart(target)) ?? (await createPart(target, overwrite));
    return new PlainFileSink(target, overwrite, part);
  }

  async restart(version: PlainVersion | undefined): Promise<void> {
    const sidecar = sidecarOf(this.#target);
    try {
      await unlinkIfAny(sidecar);
      if ((await this.#handle.stat()).size > 0) await this.#replace();
      this.position = 0;
      this.version = version;
      if (version) await writeSidecar(sidecar, { ...version, inode: this.#inode });
    } catch (error) {
      throw fileError(error, partialOf(this.#target));
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      await writeAtEnd(this.#handle, [bytes], this.position);
    } catch (error) {
      throw fileError(error, partialOf(this.#target));
    }
    this.position += bytes.length;
  }

  rewind(position: number): void {
    this.position = position;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const buffer = allocAligned(READ_BYTES);
    for (let at = 0; at < this.position; ) {
      const wanted = Math.min(buffer.length, this.position - at);
      const { bytesRead } = await this.#handle.read(buffer, 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async publish(attributes: FileAttributes): Promise<string> {
    try {
      await this.#handle.sync();
      if (await this.#isAt(partialOf(this.#target))) await this.#name(attributes);
      else if (!(await this.#isAt(this.#target))) throw takenError(partialOf(this.#target));
      await unlinkIfAny(sidecarOf(this.#target));
      await syncPath(dirname(this.#target));
    } catch (error) {
      throw fileError(error, this.#target);
    }
    return this.#target;
  }

  /** Removes the partial file if it cannot be continued. */
  async close(): Promise<void> {
    const partial = partialOf(this.#target);
    if (!this.version && (await this.#isAt(partial))) await unlinkIfAny(partial);
    await this.#handle.close();
  }

  async #name(attributes: FileAttributes): Promise<void> {
    const partial = partialOf(this.#target);
    const replaced = this.#overwrite ? await replacedBy(this.#target) : undefined;
    if (replaced) await adoptAccess(this.#handle, replaced);
    await applyAttributes(this.#handle, attributes);
    return this.#overwrite ? rename(partial, this.#target) : renameToNew(partial, this.#target);
  }

  async #replace(): Promise<void> {
    await this.#handle.close();
    ({ handle: this.#handle, inode: this.#inode } = await createPart(
      this.#target,
      this.#overwrite,
    ));
  }

  /** Whether the name still belongs to this file: another process may have begun its own. */
  async #isAt(path: string): Promise<boolean> {
    return (await lstatIfAny(path))?.ino === this.#inode;
  }
}

/**
 * Gives the bytes of an unverified download to a verified one, which hashes them. A file that has
 * its final name already stays there.
 *
 * @param partial the name that the verified download uses
 */
export async function handOver(target: string, partial: string): Promise<void> {
  try {
    await unlinkIfAny(sidecarOf(target));
    await rename(partialOf(target), partial);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, partial);
  }
}

const partialOf = (target: string): string => nameBeside(target, '.part', '.part.json');
const sidecarOf = (target: string): string => `${partialOf(target)}.json`;

function existsError(target: string): HubswarmError {
  return new HubswarmError(
    'ERR_EXISTS',
    `${target}: already exists; give -o to name the file, or --force to replace it`,
  );
}

function takenError(partial: string): HubswarmError {
  return new HubswarmError(
    'ERR_SOURCE_CHANGED',
    `${partial}: another process began a file of this name; let one of them end`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, path);
  }
}

/** The partial file of an earlier run, if it can be continued. */
async function findPart(target: string): Promise<Part | undefined> {
  const sidecar = await readJson(sidecarOf(target)).catch(() => undefined);
  const version = sidecarSchema.safeParse(sidecar).data;
  if (!version) return undefined;
  const handle = await open(partialOf(target), FIND).catch(() => undefined);
  if (!handle) return undefined;
  const stats = await handle.stat();
  const { ino: inode, size: position } = stats;
  const isOurs = stats.isFile() && stats.nlink === 1 && inode === (version.inode ?? inode);
  if (isOurs && position <= version.bytes) return { handle, inode, position, version };
  await handle.close();
  return undefined;
}

/** Creates a new file in place of anything with that name. */
async function createPart(target: string, overwrite: boolean): Promise<Part> {
  const partial = partialOf(target);
  try {
    await unlinkIfAny(partial);
    // A partial file that will replace another is not readable by more users than that one.
    const isReplacing = overwrite && (await replacedBy(target)) !== undefined;
    const handle = await open(partial, CREATE, isReplacing ? 0o600 : 0o666);
    const { ino: inode } = await handle.stat();
    return { handle, inode, position: 0, version: undefined };
  } catch (error) {
    throw fileError(error, partial);
  }
}

/** The stats of the file to be replaced, if there is one. */
async function replacedBy(target: string): Promise<Stats | undefined> {
  const there = await lstatIfAny(target);
  return there?.isFile() ? there : undefined;
}

async function writeSidecar(path: string, sidecar: z.infer<typeof sidecarSchema>): Promise<void> {
  const handle = await open(path, CREATE, 0o666);
  try {
    await handle.writeFile(`${JSON.stringify(sidecar)}\n`);
  } finally {
    await handle.close();
  }
}

async function unlinkIfAny(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
