// The directories, files and links of a manifest below one path: makes them, opens them, tells what
// does not belong there, and removes them. No step follows a link at or below that path
// (file-system/local-directory.ts), so nothing outside is written or removed, whoever changes the tree meanwhile.
import { constants } from 'node:fs';
import { lstat, mkdir, readdir, readlink, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ManifestFile } from '../../content/manifest.ts';
import { atOnce } from '../../runtime/at-once.ts';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import type { FileCalls, Handle } from '../file-system/file-calls.ts';
import { KeptOpen } from '../file-system/kept-open.ts';
import { LocalDirectory } from '../file-system/local-directory.ts';
import { type MadeFile, makeFile, makeLink, makeNewFile } from '../file-system/steps.ts';

/** Files worked on at once: it hides what the file system takes for each. Chosen. */
const FILES_AT_ONCE = 16;
const OWNER_MAY_CHANGE = 0o700;
/** Directories kept open for the files in them: opening one takes as long as a file. Chosen. */
const MOST_OPEN = 16;

interface Entries {
  /** Names of directories. */
  readonly directories: string[];
  /** Indices of files in the manifest, by name. */
  readonly files: Map<string, number>;
  /** Targets of symbolic links, by name. */
  readonly links: Map<string, string>;
}

export class Tree {
  readonly #path: string;
  readonly #manifest: Manifest;
  #knownLayout: ReadonlyMap<string, Entries> | undefined;
  readonly #calls: FileCalls | undefined;
  /** It stays open, so that the tree is found when another process has given it its name. */
  #top: Promise<LocalDirectory> | undefined;
  /** Directories below, by their paths. */
  readonly #directories: KeptOpen<string, LocalDirectory>;

  /**
   * @param path absolute
   * @param calls of its file system, if it is known
   */
  constructor(path: string, manifest: Manifest, calls?: FileCalls) {
    this.#path = path;
    this.#manifest = manifest;
    this.#calls = calls;
    this.#directories = new KeptOpen((at) => this.#openDirectory(at), MOST_OPEN);
  }

  /** What each directory holds, parents first; '' is the tree itself. */
  get #layout(): ReadonlyMap<string, Entries> {
    this.#knownLayout ??= layoutOf(this.#manifest);
    return this.#knownLayout;
  }

  /**
   * Makes directories, links and files, or finds them. Resolves to the inodes of the files.
   *
   * @param isOf whether this is one of the files to make; the others are left to create()
   * @param modeOf of a file that is made
   * @throws HubswarmError ERR_MANIFEST, ERR_EXISTS (something that does not belong is there)
   */
  async make(
    isOf: (file: ManifestFile) => boolean,
    modeOf: (file: ManifestFile) => number,
  ): Promise<(bigint | undefined)[]> {
    const { directoryAttributes } = this.#manifest;
    const own = (at: string): number =>
      directoryAttributes?.get(at)?.mode === undefined ? 0o777 : OWNER_MAY_CHANGE;
    await makeDirectory(this.#path, own(''));
    await this.#openTop();
    const inodes: (bigint | undefined)[] = [];
    await this.#each(async (directory, { directories }, at) => {
      for (const name of directories)
        await makeDirectory(directory.at(name), own(at === '' ? name : `${at}/${name}`));
    });
    const known = new Set<bigint>();
    await this.#each(async (directory, { files }) => {
      await atOnce(files, FILES_AT_ONCE, async ([name, index]) => {
        const file = this.#manifest.files[index]!;
        if (!isOf(file)) return;
        const path = join(directory.path, name);
        const mode = modeOf(file);
        const inode = await makeFile(directory.at(name), file.length, mode, directory.calls).catch(
          (error: unknown) => {
            throw fileError(error, path);
          },
        );
        inodes[index] = inode;
        if (!known.has(inode)) return void known.add(inode);
        throw sameName(path);
      });
    });
    await this.#each(async (directory, { links }) => {
      for (const [name, target] of links) await makeLink(directory.at(name), target);
    });
    await this.check(inodes, (index) => isOf(this.#manifest.files[index]!));
    return inodes;
  }

  /**
   * Makes a file that make() left out. Close it.
   *
   * @param inodes of the files that are made already
   * @throws HubswarmError ERR_MANIFEST, ERR_EXISTS (something else is there)
   */
  create(index: number, mode: number, inodes: readonly unknown[]): Promise<MadeFile> {
    const { path: at, length } = this.#manifest.files[index]!;
    return this.#in(parentOf(at), async (directory) => {
      const name = nameOf(at);
      const { owner, calls } = directory;
      const made = await makeNewFile(directory.at(name), length, { mode, owner, calls });
      if (!made) throw notPart(join(directory.path, name));
      if (made.isNew || !inodes.includes(made.inode)) return made;
      await made.handle.close();
      throw sameName(join(directory.path, name));
    });
  }

  /** Opens a file of the manifest that is this very inode. @throws HubswarmError; of the system */
  open(index: number, inode: bigint, flags: number): Promise<Handle> {
    const { path: at } = this.#manifest.files[index]!;
    return this.#in(parentOf(at), async (directory) => {
      const name = nameOf(at);
      const path = join(directory.path, name);
      return openInode(directory.at(name), path, inode, flags, directory.calls);
    });
  }

  /** Closes its directories. */
  async close(): Promise<void> {
    await this.#directories.close();
    await (await this.#top)?.close();
  }

  #openTop(): Promise<LocalDirectory> {
    this.#top ??= LocalDirectory.open(this.#path, this.#calls).catch((error: unknown) => {
      this.#top = undefined;
      throw error;
    });
    return this.#top;
  }

  async #in<T>(at: string, body: (directory: LocalDirectory) => Promise<T>): Promise<T> {
    return at === '' ? body(await this.#openTop()) : this.#directories.use(at, body);
  }

  #openDirectory(at: string): Promise<LocalDirectory> {
    return this.#in(parentOf(at), (directory) => directory.enter(nameOf(at)));
  }

  /**
   * @param inodes of the files
   * @param isMade whether the file of that index is there; all are, unless told
   * @throws HubswarmError ERR_EXISTS if it holds anything else, ERR_NOT_FOUND if it lacks something
   */
  async check(
    inodes: readonly unknown[],
    isMade: (index: number) => boolean = () => true,
  ): Promise<void> {
    await this.#each(async (directory, entries) => {
      const stray = await strayIn(directory, entries);
      if (stray !== undefined) throw notPart(join(directory.path, stray));
      for (const [name, index] of entries.files) {
        if (!isMade(index)) continue;
        const path = join(directory.path, name);
        const stats = await directory.calls
          .lstatExact(directory.at(name))
          .catch((error: unknown) => {
            throw fileError(error, path);
          });
        if (!stats.isFile() || stats.ino !== inodes[index]) throw notPart(path);
      }
      for (const [name, target] of entries.links) {
        const found = await readlink(directory.at(name)).catch(() => undefined);
        if (found !== target) throw notPart(join(directory.path, name));
      }
    });
  }

  /** Whether a directory holds an entry that is not of the manifest. Missing ones do not count. */
  async hasStrays(): Promise<boolean> {
    for (const [at, entries] of this.#layout) {
      const names = await readdir(join(this.#path, at));
      if (names.length > countOf(entries)) return true;
    }
    return false;
  }

  /**
   * Removes files and links of the manifest, whatever they hold, and directories without others.
   * Resolves to whether nothing is left.
   */
  async remove(): Promise<boolean> {
    for (const [at, { files, links }] of [...this.#layout].reverse()) {
      const clear = this.#within(segmentsOf(at), async (directory) => {
        await directory.allow(OWNER_MAY_CHANGE);
        await atOnce([...files.keys(), ...links.keys()], FILES_AT_ONCE, (name) =>
          unlink(directory.at(name)).catch(() => undefined),
        );
        await removeEmptyBelow(directory);
      });
      // It is another kind of entry, or is not there.
      await clear.catch(() => undefined);
    }
    await rmdir(this.#path).catch(() => undefined);
    return (await lstat(this.#path).catch(() => undefined)) === undefined;
  }

  /** Gives directories their times and modes: nothing in them changes any more. */
  async describe(): Promise<void> {
    for (const [at, attributes] of this.#manifest.directoryAttributes ?? []) {
      await this.#within(segmentsOf(at), (directory) => directory.describe(attributes));
    }
  }

  /** Syncs each directory, so that its names survive a power cut. */
  sync(): Promise<void> {
    return this.#each((directory) => directory.sync());
  }

  async #each(
    body: (directory: LocalDirectory, entries: Entries, at: string) => Promise<void>,
  ): Promise<void> {
    await this.#within([], async (root) => {
      for (const [at, entries] of this.#layout) {
        await root.within(segmentsOf(at), (directory) => body(directory, entries, at));
      }
    });
  }

  async #within<T>(
    segments: readonly string[],
    body: (directory: LocalDirectory) => Promise<T>,
  ): Promise<T> {
    const root = await LocalDirectory.open(this.#path, this.#calls);
    try {
      return await root.within(segments, body);
    } finally {
      await root.close();
    }
  }
}

function layoutOf({ directories, files, links = [] }: Manifest): ReadonlyMap<string, Entries> {
  const layout = new Map<string, Entries>();
  const beside = (path: string): Entries => layout.get(parentOf(path))!;
  for (const directory of ['', ...directories.toSorted((a, b) => depth(a) - depth(b))]) {
    if (directory !== '') beside(directory).directories.push(nameOf(directory));
    layout.set(directory, { directories: [], files: new Map(), links: new Map() });
  }
  for (const [index, { path }] of files.entries()) beside(path).files.set(nameOf(path), index);
  for (const { path, target } of links) beside(path).links.set(nameOf(path), target);
  return layout;
}

/** @param shown the path for messages */
export async function openInode(
  path: string,
  shown: string,
  inode: bigint,
  flags: number,
  calls: FileCalls,
): Promise<Handle> {
  const handle = await calls.open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { ino } = await handle.stat({ bigint: true });
  if (ino === inode) return handle;
  await handle.close();
  throw new HubswarmError('ERR_EXISTS', `${shown}: was replaced during the download`);
}

const depth = (path: string): number => path.split('/').length;
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const segmentsOf = (path: string): string[] => (path === '' ? [] : path.split('/'));
const countOf = ({ directories, files, links }: Entries): number =>
  directories.length + files.size + links.size;

const notPart = (path: string): HubswarmError =>
  new HubswarmError('ERR_EXISTS', `${path}: is not part of the download; move it away`);

/** Names that differ only in case or Unicode form, on a disk that does not tell them apart. */
const sameName = (path: string): HubswarmError =>
  new HubswarmError('ERR_MANIFEST', `${path}: is the name of another of its files, too`);

/** Counts first: some file systems write names in another way than they were given. */
async function strayIn(directory: LocalDirectory, entries: Entries): Promise<string | undefined> {
  const names = await readdir(directory.at(''));
  if (names.length <= countOf(entries)) return undefined;
  const { directories, files, links } = entries;
  const own = new Set([...directories, ...files.keys(), ...links.keys()]);
  return names.find((name) => !own.has(name)) ?? names[0];
}

async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Removes the directories in it that hold nothing but such directories. */
async function removeEmptyBelow(directory: LocalDirectory): Promise<void> {
  for (const entry of await readdir(directory.at(''), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    await directory.within([entry.name], removeEmptyBelow).catch(() => undefined);
    await rmdir(directory.at(entry.name)).catch(() => undefined);
  }
}
