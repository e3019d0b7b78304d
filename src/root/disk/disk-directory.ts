// An open directory below the root, in which names are listed, made, replaced and removed. On Linux
// every step goes through the directory's descriptor (/proc/self/fd/N/name, as openat() and its kin
// do). So whatever happens to the path after the check, the steps stay in the directory that was
// checked. Other systems use the path, and follow a directory that was replaced by a link between
// check and step.
import type { Dirent } from 'node:fs';
import { lstat, mkdir, opendir, realpath, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAttributes } from '../../content/attributes.ts';
import { applyAttributes } from '../../disk/file-system/attributes.ts';
import type { Handle } from '../../disk/file-system/file-calls.ts';
import { nameIn } from '../../disk/file-system/steps.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { isHidden } from '../names.ts';
import { withOpen } from '../opened.ts';
import type {
  Entry,
  Found,
  OpenDirectory,
  PlaceCheck,
  Replacing,
  Segments,
  Version,
} from '../root.ts';
import { checkRoom } from './check-room.ts';
import { checkGivesWay } from './gives-way.ts';
import { Handover } from './handover.ts';
import { PartialFile } from './partial-file.ts';
import { spelledIn } from './spelling.ts';
import { UploadDraft } from './upload-draft.ts';
import { versionOf } from './version-of.ts';

/**
 * Entries read in one call to the system. The default, 32, takes a second for a hundred thousand
 * names.
 */
const READ_ENTRIES = 1024;

/** The root, as its directories know it. */
export interface RootOfDirectory {
  /** Absolute real path. */
  readonly path: string;
  /** @throws Refusal for a real path that may not be served */
  placeOf(real: string): Segments;
  readonly check: PlaceCheck;
  readonly isExact: boolean;
  /** What gives way in it, if something does. */
  readonly gives: Replacing | undefined;
  readonly unfinished: { dataPath(id: string): string };
}

interface Opened {
  readonly root: RootOfDirectory;
  readonly handle: Handle;
  /** Absolute real path at the time of opening. */
  readonly path: string;
  readonly place: Segments;
  readonly version: Version;
  /** Of a directory that has no name yet. */
  readonly stage?: Stage;
}

interface Stage {
  /** Gives the directory its name. @throws Refusal */
  commit(): Promise<void>;
  close(): Promise<void>;
}

export class DiskDirectory implements OpenDirectory {
  readonly kind = 'directory';
  readonly place: Segments;
  readonly version: Version;
  readonly #opened: Opened;

  constructor(opened: Opened) {
    this.place = opened.place;
    this.version = opened.version;
    this.#opened = opened;
  }

  async *list(): AsyncGenerator<readonly Entry[]> {
    try {
      let entries: Entry[] = [];
      for await (const found of await opendir(this.at(''), { bufferSize: READ_ENTRIES })) {
        const { name } = found;
        if (isHidden(name)) continue;
        const kind = kindOf(found) ?? (await this.#kindBehind(name));
        entries.push({ name, kind, isLink: found.isSymbolicLink() });
        if (entries.length < READ_ENTRIES) continue;
        yield entries;
        entries = [];
      }
      yield entries;
    } catch (error) {
      throw fileRefusal(error);
    }
  }

  /**
   * Resolves the real path for links only: another name cannot lead elsewhere, so one call
   * suffices.
   */
  async look(name: string): Promise<Found | undefined> {
    if (isHidden(name)) return undefined;
    const { root } = this.#opened;
    const path = this.at(name);
    try {
      const stats = await lstat(path);
      const isLink = stats.isSymbolicLink();
      const real = isLink ? await realpath(path) : path;
      const place = isLink ? root.placeOf(real) : [...this.place, name];
      const target = isLink ? await stat(real) : stats;
      if (!target.isFile() && !target.isDirectory()) return undefined;
      root.check(place, target.isDirectory());
      return { place, version: versionOf(target), isLink };
    } catch {
      // The name vanished, is a link to nothing or out of the root, or is refused.
      return undefined;
    }
  }

  async draft(name: string): Promise<PartialFile> {
    return PartialFile.create(this, await this.spelled(name));
  }

  async draftOf(upload: string, name: string): Promise<UploadDraft | undefined> {
    const path = this.#opened.root.unfinished.dataPath(upload);
    return UploadDraft.of(this, await this.spelled(name), path);
  }

  async remove(name: string): Promise<number> {
    const path = this.at(await this.spelled(name));
    let freed = 0;
    try {
      const stats = await lstat(path);
      if (stats.isDirectory()) await rmdir(path);
      else {
        await unlink(path);
        // Bytes of a file with another hard link are not freed.
        if (stats.isFile() && stats.nlink === 1) freed = stats.size;
      }
    } catch (error) {
      const full = ['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '');
      throw full ? new Refusal('ERR_CONFLICT', 'the directory is not empty') : fileRefusal(error);
    }
    await this.sync();
    return freed;
  }

  async makeDirectory(name: string): Promise<boolean> {
    const spelled = await this.spelled(name);
    try {
      await mkdir(this.at(spelled));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw fileRefusal(error);
      const there = await lstat(this.at(spelled));
      const isTaken = !there.isFile() && !there.isSymbolicLink();
      if (isTaken || !this.#opened.root.gives) return false;
      await this.checkGivesWay(spelled);
      await this.replace(spelled, (target) => mkdir(target));
    }
    await this.commit();
    return true;
  }

  async replace(name: string, put: (target: string) => Promise<void>): Promise<void> {
    const { gives, path } = this.#opened.root;
    if (!gives) throw new Refusal('ERR_CONFLICT', 'what is no file has this name');
    await withOpen(Handover.begin(path, this, name), (handover) => handover.run(gives, put));
  }

  /** @throws Refusal as Root.checkGivesWay() */
  async checkGivesWay(name: string): Promise<void> {
    const spelled = await this.spelled(name);
    const place = [...this.place, spelled];
    await checkGivesWay(join(this.path, spelled), place, this.#opened.root);
  }

  get isStaged(): boolean {
    return this.#opened.stage !== undefined;
  }

  async checkRoom(bytes: number): Promise<void> {
    await checkRoom(this.#opened.path, bytes);
  }

  /** Absolute real path at the time of opening. */
  get path(): string {
    return this.#opened.path;
  }

  /** A path to that name in the very directory that is open. */
  at(name: string): string {
    return nameIn(this.#opened, name);
  }

  /** Syncs the directory, so that its names survive a power cut. */
  async sync(): Promise<void> {
    // Windows cannot sync a directory; a rename there is on the disk when it returns.
    if (process.platform !== 'win32') await this.#opened.handle.sync();
  }

  async commit(): Promise<void> {
    await this.sync();
    await this.#opened.stage?.commit();
  }

  /** Whether a directory can be entered is its owner's matter: it gets a time alone. */
  async setAttributes({ modifiedMs }: FileAttributes): Promise<Version> {
    const { handle } = this.#opened;
    await applyAttributes(handle, { modifiedMs });
    return versionOf(await handle.stat());
  }

  async close(): Promise<void> {
    await this.#opened.handle.close();
    await this.#opened.stage?.close();
  }

  /** The name as it is spelled in the directory. */
  async spelled(name: string): Promise<string> {
    return this.#opened.root.isExact ? name : spelledIn((each) => this.at(each), name);
  }

  /** A link counts as what it leads to; a link to nothing counts as a file. */
  async #kindBehind(name: string): Promise<Version['kind']> {
    const stats = await stat(this.at(name)).catch(() => undefined);
    return stats?.isDirectory() ? 'directory' : 'file';
  }
}

/** The kind of an entry; undefined for links, and if the file system does not tell the type. */
function kindOf(entry: Dirent): Entry['kind'] | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  const isSpecial =
    entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice();
  return isSpecial ? 'other' : undefined;
}
