// A download on disk, from its partial to its final name.
//
// The partial lies beside the target (so that the last step is a rename within
// one file system) under a name that carries the end of the root CID: another
// version of the same target never mixes with it. It has its full size from the
// start and no sidecar. What it holds is found out by hashing, so that a kill at
// any moment, or a power cut that lost some writes, costs only the pieces that
// are really not there. Two processes may download to one target: both write
// the same verified bytes to the same places, and whoever comes second to
// publish finds the target whole.
//
// Rejected: a bitmap beside the partial (can claim what the disk lost), a lock
// file (outlives a kill), a partial in a temporary directory (no rename across
// file systems).
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import { type CheckOptions, findWhole, pathUnder } from './check-files.ts';
import type { Manifest } from './manifest.ts';
import type { Place } from './place.ts';
import { type SourceFile, sourceFile } from './source.ts';

/** Symbolic links are not followed: the partial's name can be foreseen by others. */
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** No hard links there (exFAT, some network file systems). */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

export class DownloadPlace implements Place {
  readonly #manifest: Manifest;
  readonly #target: string;
  readonly #partial: string;
  readonly #overwrite: boolean;
  #sources: readonly SourceFile[] | undefined;

  constructor(manifest: Manifest, target: string, overwrite: boolean) {
    this.#manifest = manifest;
    this.#target = resolve(target);
    this.#partial = `${this.#target}.${String(manifest.root).slice(-8)}.part`;
    this.#overwrite = overwrite;
  }

  get sources(): readonly SourceFile[] | undefined {
    return this.#sources;
  }

  path(file: number): string {
    return pathUnder(this.#sources ? this.#target : this.#partial, this.#manifest.files[file]!);
  }

  /**
   * Takes the target as it is when it is whole, and otherwise makes the partial.
   *
   * @returns `whole`, or what is to be done about the partial's bytes: nothing for
   * a `fresh` one, hash them for a `found` one.
   * @throws HubswarmError ERR_EXISTS when the target has other bytes
   */
  async prepare(options: CheckOptions): Promise<'whole' | 'fresh' | 'found'> {
    const present = await this.#targetStats();
    if (present) {
      if (await this.#adopt(options)) return 'whole';
      const replaceable = present.isDirectory() === (this.#manifest.kind === 'directory');
      if (!this.#overwrite || !replaceable) throw this.#exists();
    }
    try {
      return this.#manifest.kind === 'file' ? await this.#makeFile() : await this.#makeTree();
    } catch (error) {
      throw fileError(error, this.#partial);
    }
  }

  async open(file: number): Promise<FileHandle> {
    const entry = this.#manifest.files[file]!;
    const path = this.path(file);
    try {
      return await open(path, this.#sources ? 'r' : 'r+');
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(error, path);
      // Published since, by this store or by another process.
      const final = pathUnder(this.#target, entry);
      return open(final, 'r+').catch(() => {
        throw fileError(error, path);
      });
    }
  }

  /** @param use opens each file; every byte of all of them is written and verified. */
  async publish(
    use: (file: number, body: (handle: FileHandle) => Promise<void>) => Promise<void>,
  ): Promise<string> {
    if (this.#sources) return this.#target;
    const sources: SourceFile[] = [];
    for (const [index, file] of this.#manifest.files.entries()) {
      await use(index, async (handle) => {
        await handle.sync();
        sources.push(sourceFile(pathUnder(this.#target, file), await handle.stat()));
      });
    }
    try {
      await this.#syncDirectories();
      await this.#rename();
      this.#sources = sources;
    } catch (error) {
      const late = ['ENOENT', 'EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'];
      if (!late.includes(systemCode(error) ?? '')) throw fileError(error, this.#target);
      if (!(await this.#adopt({}))) {
        throw (await this.#targetStats()) ? this.#exists() : fileError(error, this.#partial);
      }
    }
    await syncDirectory(dirname(this.#target));
    return this.#target;
  }

  /** True when the target is whole: then it is the place, and a partial is not needed. */
  async #adopt(options: CheckOptions): Promise<boolean> {
    const sources = await findWhole(this.#manifest, this.#target, options);
    if (!sources) return false;
    this.#sources = sources;
    await rm(this.#partial, { recursive: true, force: true });
    return true;
  }

  async #targetStats(): Promise<Stats | undefined> {
    try {
      return await lstat(this.#target);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw fileError(error, this.#target);
    }
  }

  async #makeFile(): Promise<'fresh' | 'found'> {
    await this.#checkParent();
    return (await makeFile(this.#partial, this.#manifest.geometry.totalLength)) ? 'fresh' : 'found';
  }

  async #makeTree(): Promise<'fresh' | 'found'> {
    await this.#checkParent();
    let fresh = true;
    await mkdir(this.#partial).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
      fresh = false;
    });
    for (const directory of this.#manifest.directories) {
      await mkdir(join(this.#partial, directory), { recursive: true });
    }
    for (const file of this.#manifest.files) {
      await makeFile(pathUnder(this.#partial, file), file.length);
    }
    return fresh ? 'fresh' : 'found';
  }

  async #checkParent(): Promise<void> {
    const parent = dirname(this.#target);
    const stats = await lstat(parent).catch((error: unknown) => {
      throw fileError(error, parent);
    });
    if (stats.isFile()) throw new HubswarmError('ERR_NOT_FOUND', `${parent}: not a directory`);
  }

  async #syncDirectories(): Promise<void> {
    if (this.#manifest.kind === 'file') return;
    for (const directory of [...this.#manifest.directories, '']) {
      await syncDirectory(join(this.#partial, directory));
    }
  }

  async #rename(): Promise<void> {
    if (this.#manifest.kind === 'directory') return this.#renameTree();
    if (this.#overwrite) return rename(this.#partial, this.#target);
    try {
      // Unlike rename(), link() never replaces what came to be there meanwhile.
      await link(this.#partial, this.#target);
      await unlink(this.#partial);
    } catch (error) {
      if (!NO_LINKS.includes(systemCode(error) ?? '')) throw error;
      if (await this.#targetStats()) throw this.#exists();
      await rename(this.#partial, this.#target);
    }
  }

  /** A directory that is not empty cannot be replaced in one step: for a moment there is none. */
  async #renameTree(): Promise<void> {
    const replaced = `${this.#partial}.old`;
    const present = this.#overwrite && (await this.#targetStats());
    if (present) await rename(this.#target, replaced);
    await rename(this.#partial, this.#target);
    if (present) await rm(replaced, { recursive: true, force: true });
  }

  #exists(): HubswarmError {
    return new HubswarmError(
      'ERR_EXISTS',
      `${this.#target}: exists and holds something else; name another target or allow it to be replaced`,
    );
  }
}

/** Makes or finds a file and gives it its full size. True when it was empty before. */
async function makeFile(path: string, length: number): Promise<boolean> {
  const handle = await open(path, CREATE, 0o666);
  try {
    const { size } = await handle.stat();
    if (size !== length) await handle.truncate(length);
    return size === 0;
  } finally {
    await handle.close();
  }
}

/** So that names in it survive a power cut. Where directories cannot be synced, they need not be. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
  }
}
