// A download on disk, from its partial to its final name.
//
// The partial lies beside the target (so that the last step is a rename within one file system)
// under a name of its version. A file has its full size from the start and no sidecar; those of a
// directory are made when they are first written to. What it holds is found out by hashing: a kill at
// any moment, or a power cut that lost some writes, costs only the pieces that are really missing.
// Two processes may download to one target: both write the same verified bytes to the same places,
// and the second to publish finds the target whole.
//
// Rejected: a bitmap beside the partial (can claim what the disk lost), a lock file (outlives a
// kill), a partial in a temporary directory (no rename across file systems).
import { constants } from 'node:fs';
import { lstat, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import type { Manifest, ManifestFile } from '../../content/manifest.ts';
import { atOnce } from '../../runtime/at-once.ts';
import { fileError, HubswarmError, hasCode, systemCode } from '../../runtime/errors.ts';
import { applyAttributes } from '../file-system/attributes.ts';
import { type FileCalls, fileCallsAt, type Handle, THREADED } from '../file-system/file-calls.ts';
import { lstatIfAny, makeFile, renameToNew, syncPath } from '../file-system/steps.ts';
import { syncFileSystem } from '../file-system/sync-file-system.ts';
import { type SourceFile, sourceFile } from '../import/source.ts';
import { type CheckOptions, findWhole, pathUnder } from './check-files.ts';
import { partialOf } from './partial-name.ts';
import { openSource, type Place } from './place.ts';
import { adoptAccess } from './target-place.ts';
import { openInode, Tree } from './tree.ts';

/** Most directories put aside beside one target. Chosen. */
const MOST_OLD = 9;
const isMissing = (error: unknown): boolean =>
  systemCode(error) === 'ENOENT' || hasCode(error, 'ERR_NOT_FOUND');
/** Files worked on at once: it hides what the file system takes for each. Chosen. */
const FILES_AT_ONCE = 16;
/** Up to so many files are synced one by one: their file system may hold much of others. Chosen. */
const FEW_FILES = 16;

/** On Windows these also separate names, or name a device or a stream. */
const FORBIDDEN = process.platform === 'win32' ? /[\\:]/ : undefined;

const OWNER_ONLY = 0o600;

/** Mode of a partial file: one that will have a mode of its own is readable by its owner only. */
const partialMode = ({ attributes }: ManifestFile): number =>
  attributes?.mode === undefined ? 0o666 : OWNER_ONLY;

export interface DownloadPlaceOptions {
  readonly overwrite?: boolean;
  /** Of a single file. */
  readonly attributes?: FileAttributes | undefined;
  /** Told a directory that holds what was at the target and is not part of the download. */
  readonly onPutAside?: ((path: string) => void) | undefined;
}

export class DownloadPlace implements Place {
  readonly #manifest: Manifest;
  readonly #isMany: boolean;
  readonly #target: string;
  readonly #partial: string;
  readonly #overwrite: boolean;
  readonly #attributes: FileAttributes;
  readonly #onPutAside: DownloadPlaceOptions['onPutAside'];
  /** Of the partial's files: an entry that was put in the place of one is never written to. */
  #inodes: (bigint | undefined)[] = [];
  #sources: readonly SourceFile[] | undefined;
  /** Files of the target to be that have their attributes already: nothing writes to them again. */
  readonly #whole: (SourceFile | undefined)[] = [];
  /** Whether the partial was made by this download. */
  #isFresh = false;
  /** Files of a fresh partial that another process made, by their indices. */
  readonly #taken = new Set<number>();
  /** The calls of the file system that the partial lies on. */
  #calls: FileCalls = THREADED;
  /** The partial, if it is a directory. */
  #tree: Tree | undefined;

  constructor(manifest: Manifest, target: string, options: DownloadPlaceOptions) {
    this.#manifest = manifest;
    this.#isMany = manifest.files.length > FEW_FILES;
    this.#target = resolve(target);
    this.#partial = partialOf(manifest.root, this.#target);
    this.#overwrite = options.overwrite ?? false;
    this.#attributes = options.attributes ?? {};
    this.#onPutAside = options.onPutAside;
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
    this.#checkNames();
    const present = await lstatIfAny(this.#target);
    if (present) {
      if (await this.#adopt(options)) return 'whole';
      const isDirectory = this.#manifest.kind === 'directory';
      const replaceable = isDirectory
        ? present.isDirectory()
        : present.isFile() || present.isSymbolicLink();
      if (!this.#overwrite || !replaceable) throw this.#exists();
    }
    await this.#checkParent();
    this.#calls = await fileCallsAt(dirname(this.#target));
    const found = await lstatIfAny(this.#partial);
    // A partial file that was found has some of the room already.
    if (!found) await this.#checkRoom();
    this.#isFresh = !found;
    try {
      // A partial file that will replace a file is readable by its owner only.
      const mode = (file: ManifestFile): number => (present ? OWNER_ONLY : partialMode(file));
      const { kind, files, geometry } = this.#manifest;
      if (kind === 'directory') this.#tree = this.#treeAt(this.#partial);
      this.#inodes = this.#tree
        ? await this.#tree.make(({ length }) => found !== undefined || length === 0, partialMode)
        : [await makeFile(this.#partial, geometry.totalLength, mode(files[0]!), this.#calls)];
    } catch (error) {
      throw fileError(error, this.#partial);
    }
    return found ? 'found' : 'fresh';
  }

  async open(file: number): Promise<Handle> {
    const path = this.path(file);
    if (this.#sources) return openSource(path);
    try {
      const inode = this.#inodes[file];
      return await (inode === undefined ? this.#create(file) : this.#openPartial(file, inode));
    } catch (error) {
      if (!isMissing(error)) throw fileError(error, path);
      // It was published meanwhile, by this store or by another process.
      return this.#openTarget(file).catch(() => {
        throw fileError(error, path);
      });
    }
  }

  async #create(file: number): Promise<Handle> {
    const mode = partialMode(this.#manifest.files[file]!);
    const made = await this.#tree!.create(file, mode, this.#inodes);
    this.#inodes[file] = made.inode;
    if (!made.isNew) this.#taken.add(file);
    return made.handle;
  }

  #openPartial(file: number, inode: bigint): Promise<Handle> {
    // Its mode may forbid to write to it.
    const flags = this.#whole[file] ? constants.O_RDONLY : constants.O_RDWR;
    if (this.#tree) return this.#tree.open(file, inode, flags);
    return openInode(this.#partial, this.#partial, inode, flags, this.#calls);
  }

  async #openTarget(file: number): Promise<Handle> {
    const inode = this.#inodes[file];
    if (inode === undefined) throw new HubswarmError('ERR_NOT_FOUND', 'was never made');
    const flags = constants.O_RDWR;
    if (!this.#tree) return openInode(this.#target, this.#target, inode, flags, this.#calls);
    const tree = this.#treeAt(this.#target);
    return tree.open(file, inode, flags).finally(() => tree.close());
  }

  readsZeros(file: number): boolean {
    return this.#isFresh && !this.#taken.has(file);
  }

  /** Of a few files each is synced, and a single one may get what the file has that it replaces. */
  async handleWhole(index: number, handle: Handle): Promise<void> {
    const file = this.#manifest.files[index]!;
    if (this.#isMany) this.#whole[index] = await this.#finish(file, handle);
  }

  async #finish(file: ManifestFile, handle: Handle): Promise<SourceFile> {
    await applyAttributes(handle, { ...file.attributes, ...this.#attributes });
    return sourceFile(pathUnder(this.#target, file), await handle.stat());
  }

  async close(): Promise<void> {
    await this.#tree?.close();
  }

  /** What lies elsewhere may be a mount. */
  #treeAt(path: string): Tree {
    return new Tree(path, this.#manifest, path === this.#partial ? this.#calls : undefined);
  }

  /** @param use opens each file; every byte of all files is written and verified */
  async publish(
    use: (file: number, body: (handle: Handle) => Promise<void>) => Promise<void>,
  ): Promise<string> {
    if (this.#sources) return this.#target;
    const { files, kind } = this.#manifest;
    const sources = this.#whole as SourceFile[];
    await atOnce(files.entries(), FILES_AT_ONCE, async ([index, file]) => {
      if (sources[index]) return;
      await use(index, async (handle) => {
        if (kind === 'file') await this.#adoptAccess(handle);
        sources[index] = await this.#finish(file, handle);
        if (!this.#isMany) await handle.sync();
      });
    });
    try {
      if (kind === 'directory') await this.#treeAt(this.#partial).describe();
      if (!this.#isMany) await this.#syncDirectories();
      else if (!(await syncFileSystem(this.#partial))) {
        // By their paths: what a file's mode is by now may forbid to write to it.
        await atOnce(files, FILES_AT_ONCE, (file) => syncPath(pathUnder(this.#partial, file)));
        await this.#syncDirectories();
      }
      await this.#checkPartial();
      await this.#name();
      // A new name is a change of the inode.
      if (kind === 'file') sources[0] = sourceFile(this.#target, await lstat(this.#target));
      this.#sources = sources;
    } catch (error) {
      const late = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'];
      if (!isMissing(error) && !late.includes(systemCode(error) ?? ''))
        throw fileError(error, this.#target);
      if (!(await this.#adopt({}))) {
        throw (await lstatIfAny(this.#target)) ? this.#exists() : fileError(error, this.#partial);
      }
    }
    await syncPath(dirname(this.#target));
    return this.#target;
  }

  /** Whether the target is complete: then it is the place, and no partial file is needed. */
  async #adopt(options: CheckOptions): Promise<boolean> {
    const sources = await findWhole(this.#manifest, this.#target, options);
    if (!sources) return false;
    this.#sources = sources;
    if (this.#manifest.kind === 'directory') await this.#treeAt(this.#partial).remove();
    else await rm(this.#partial, { force: true });
    return true;
  }

  /** Gives the new file the mode and owner of the file that it replaces. */
  async #adoptAccess(handle: Handle): Promise<void> {
    const there = this.#overwrite ? await lstatIfAny(this.#target) : undefined;
    if (there?.isFile()) await adoptAccess(handle, there);
  }

  #checkNames(): void {
    const { files, directories, links = [] } = this.#manifest;
    const paths = [...files, ...links].map(({ path }) => path);
    const unsafe = [...directories, ...paths].find((path) => FORBIDDEN?.test(path));
    if (unsafe === undefined) return;
    throw new HubswarmError('ERR_MANIFEST', `${unsafe}: is not safe to write on this system`);
  }

  async #checkParent(): Promise<void> {
    const parent = dirname(this.#target);
    const stats = await stat(parent).catch((error: unknown) => {
      throw fileError(error, parent);
    });
    if (!stats.isDirectory())
      throw new HubswarmError('ERR_NOT_FOUND', `${parent}: not a directory`);
  }

  /**
   * Setting a size takes no room, so this tells a full disk now, and not after most of the
   * download. A file system that does not tell its room is believed to have it.
   */
  async #checkRoom(): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(dirname(this.#target));
    const free = bavail * bsize;
    const needed = this.#manifest.geometry.totalLength;
    if (blocks === 0 || free >= needed) return;
    throw new HubswarmError(
      'ERR_DISK_FULL',
      `${this.#target}: needs ${needed} bytes, and the device has ${free} left`,
    );
  }

  async #syncDirectories(): Promise<void> {
    if (this.#manifest.kind === 'directory') await this.#treeAt(this.#partial).sync();
  }

  /** What is about to get its name is what was verified. */
  async #checkPartial(): Promise<void> {
    if (this.#manifest.kind === 'directory') return this.#treeAt(this.#partial).check(this.#inodes);
    const found = await this.#calls.lstatExact(this.#partial);
    if (found.ino === this.#inodes[0]) return;
    const what = 'was replaced during the download';
    throw new HubswarmError('ERR_EXISTS', `${this.#partial}: ${what}`);
  }

  async #name(): Promise<void> {
    if (this.#manifest.kind === 'directory') {
      return this.#overwrite ? this.#replaceTree() : rename(this.#partial, this.#target);
    }
    return this.#overwrite
      ? rename(this.#partial, this.#target)
      : renameToNew(this.#partial, this.#target);
  }

  /**
   * A directory with content cannot be replaced in one step: for a moment no directory has the name.
   * If interrupted, it may leave the old one as `<partial>.old`. Of the old one files of the same
   * names are removed, and others are kept there.
   */
  async #replaceTree(): Promise<void> {
    const present = await lstatIfAny(this.#target);
    const old = present ? await this.#freeOld() : this.#oldPath(1);
    if (present) await rename(this.#target, old);
    try {
      await rename(this.#partial, this.#target);
    } catch (error) {
      if (present) await rename(old, this.#target);
      throw error;
    }
    if (!(await this.#treeAt(old).remove())) this.#onPutAside?.(old);
  }

  #oldPath(number: number): string {
    return `${this.#partial}.${number === 1 ? 'old' : String(number).padStart(3, '0')}`;
  }

  /** @throws HubswarmError ERR_EXISTS if too many were put aside before */
  async #freeOld(): Promise<string> {
    for (let number = 1; number <= MOST_OLD; number++) {
      const old = this.#oldPath(number);
      // One that an interrupted run has left.
      if (!(await lstatIfAny(old)) || (await this.#treeAt(old).remove())) return old;
    }
    const path = this.#oldPath(1);
    throw new HubswarmError(
      'ERR_EXISTS',
      `${path}: is kept from before, with others; move them away`,
    );
  }

  #exists(): HubswarmError {
    return new HubswarmError(
      'ERR_EXISTS',
      `${this.#target}: exists and holds something else; name another target, or replace it with --force`,
    );
  }
}
