// Makes a local directory like a hub's: makes the directories, fetches what changed, a few files at
// a time, and on request removes what the hub does not have. A failure does not stop the rest. At
// the end it compares names, types and lengths, and checks that no file was written to since its
// bytes were compared. Each path that differs is named; then the whole fails. Nothing is removed
// unless every directory was listed and every file came.
import type { Stats } from 'node:fs';
import type { FileAttributes } from '../../content/attributes.ts';
import { hasAttributes } from '../../disk/file-system/attributes.ts';
import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import { syncPath } from '../../disk/file-system/steps.ts';
import { syncFileSystem } from '../../disk/file-system/sync-file-system.ts';
import type { Link } from '../../link/link.ts';
import { atOnce } from '../../runtime/at-once.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import type { Event } from '../../telemetry/event.ts';
import { getFile } from '../download/get.ts';
import type { TransferOptions } from '../download/get-options.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { TransferEvents } from '../mirrors/transfer-events.ts';
import { cidIfSame } from '../upload/check-stored.ts';
import { planArchives } from './archive-plan.ts';
import { checkMirror, setTimes } from './check-mirror.ts';
import { Differences } from './differences.ts';
import { type Arrived, fetchArchive } from './fetch-archive.ts';
import { fetchSmall } from './fetch-small.ts';
import { type LocalTree, readLocalTree } from './local-tree.ts';
import { MirroredFile } from './mirrored-file.ts';
import type { RemoteFile, RemoteTree } from './remote/remote-tree.ts';
import { SetAside } from './set-aside.ts';
import { smallCidOf } from './small-file.ts';
import { parentOf, splitPath, withAncestors } from './tree-path.ts';
import type { TreeRecord } from './tree-record.ts';

export interface GetTreeOptions extends TransferOptions {
  /** URL of a directory. */
  readonly url: URL;
  readonly directory: string;
  /** Whether to remove local files that the hub does not have. */
  readonly deleteExtras: boolean;
  /** False: files get the times of their download, and no executable bits. */
  readonly preserve?: boolean | undefined;
  /** Which files are wanted, by their paths; all if it is left out. Not with deleteExtras. */
  readonly select?: ((path: string) => boolean) | undefined;
}

/** Files at once: it hides the round trips of small ones. Chosen. */
const AT_ONCE = 16;
/** Small files that wait to be synced together: so many are lost at most if the run ends. Chosen. */
const MOST_STAGED = 1024;
/** Up to so many are synced one by one: their file system may hold much of others. Chosen. */
const FEW_STAGED = 16;
const PARTIAL =
  'the hub does not list all that is in it: links, special files, names that no URL gives back, or what this token may not see';

export interface TreeMirrorParts {
  readonly options: GetTreeOptions;
  readonly shared: { readonly http: HttpClient; readonly link: Link };
  readonly events: TransferEvents;
  /** The hub's tree, and the local directory for it. */
  readonly tree: RemoteTree;
  /** All that the hub lists, wanted or not. */
  readonly listed: RemoteTree;
  readonly local: LocalDirectory;
  readonly record: TreeRecord;
}

interface Staged {
  readonly file: RemoteFile;
  /** What was written; undefined if it is to get the attributes of what it replaces. */
  readonly written: Stats | undefined;
}

export class TreeMirror {
  readonly #parts: TreeMirrorParts;
  readonly #wanted;
  /** Bytes so far of each file that is under way. */
  readonly #came = new Map<string, number>();
  readonly #differences: Differences;
  readonly #aside: SetAside;
  /** Directories in which files got their names. */
  readonly #changed = new Set<string>();
  /** Number of differences that the listings told already. */
  #foreseen = 0;
  /** Small files that came, and have no name yet. */
  readonly #staged: Staged[] = [];
  #bytes = 0;
  #fetched = 0;

  constructor(parts: TreeMirrorParts) {
    const { files, directories, unknown, partial } = parts.tree;
    this.#parts = parts;
    this.#differences = new Differences(parts.options.emit);
    this.#aside = new SetAside(parts.local);
    this.#wanted = {
      directories: new Set(directories),
      files: new Map(files.map(({ path, bytes }) => [path, bytes])),
      unknown,
      partial,
    };
  }

  /** @throws HubswarmError ERR_INCOMPLETE if any path differs from the hub */
  async run(): Promise<void> {
    const { tree, local, record, events, options } = this.#parts;
    const { signal, emit } = options;
    for (const [path, reason] of tree.unknown) this.#differences.note(path, reason);
    for (const path of tree.partial) this.#differences.note(path === '' ? '.' : path, PARTIAL);
    this.#foreseen = this.#differences.count;
    for (const path of tree.directories) {
      const made = this.#aside.makeDirectory(path);
      await made.catch((error: unknown) => this.#differences.note(path, describeError(error)));
    }
    const { entries } = await readLocalTree(local);
    const changed: RemoteFile[] = [];
    const outdated: RemoteFile[] = [];
    for (const file of tree.files) {
      const there = entries.get(file.path);
      if (!there || !record.isUnchanged(file, there)) changed.push(file);
      else if (!hasAttributes(there, this.#wants(file))) outdated.push(file);
    }
    const bytes = changed.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    events.start({ bytes, pieces: 0, resumedBytes: 0, verified: true });
    try {
      await atOnce(outdated, AT_ONCE, (file) =>
        this.#within(file, (place) => this.#touch(file, place)),
      );
      const left = await this.#bringArchives(changed, entries);
      for (let from = 0; from < left.length; from += MOST_STAGED) {
        await atOnce(left.slice(from, from + MOST_STAGED), AT_ONCE, (file) =>
          this.#within(file, (place) => this.#bringTo(file, place)),
        );
        await this.#publishStaged();
      }
      await this.#sync();
    } finally {
      await this.#settle();
      await this.#save();
    }
    signal.throwIfAborted();
    const removed = await checkMirror({
      ...options,
      local,
      record,
      wanted: this.#wanted,
      differences: this.#differences,
      // A name that cannot be written is known to exist: it does not keep others from being removed.
      isKnown: tree.isComplete && this.#differences.count === this.#foreseen,
    });
    if (options.preserve !== false) await setTimes(local, tree.times);
    this.#differences.check(local.path, 'not as on the hub');
    const unchanged = tree.files.length - this.#fetched;
    emit({ event: 'tree_mirrored', path: local.path, fetched: this.#fetched, unchanged, removed });
    events.complete(local.path, this.#bytes);
  }

  async #settle(): Promise<void> {
    if (this.#aside.isEmpty) return;
    const { tree, options } = this.#parts;
    const awaited = withAncestors([...this.#wanted.files.keys(), ...tree.unknown.keys()]);
    const came = withAncestors(this.#changed);
    const { removed, failed } = await this.#aside.settle(came, awaited, tree.directories);
    for (const path of removed) options.emit({ event: 'file_removed', path });
    for (const [path, error] of failed) this.#differences.note(path, describeError(error));
  }

  /** Works on one file. If that fails, the path is named as different. */
  async #within(file: RemoteFile, work: (place: MirroredFile) => Promise<void>): Promise<void> {
    const { local, options, tree } = this.#parts;
    if (options.signal.aborted) return;
    const { parents, name } = splitPath(file.path);
    try {
      await local.within(parents, async (parent) => {
        const place = new MirroredFile(parent, name, {
          replaceTrees: options.deleteExtras && tree.isComplete,
          onRemoved: () => options.emit({ event: 'file_removed', path: file.path }),
        });
        await work(place).catch((error: unknown) => {
          throw new HubswarmError('ERR_INCOMPLETE', place.describe(error), { cause: error });
        });
      });
    } catch (error) {
      if (!options.signal.aborted) this.#differences.note(file.path, describeError(error));
    }
  }

  /** Gives a file that need not be fetched the time that the hub lists by now. */
  async #touch(file: RemoteFile, place: MirroredFile): Promise<void> {
    const { record } = this.#parts;
    const there = await place.prepare();
    if (!there || !record.isUnchanged(file, there)) return;
    record.note(file.path, file.cid, await place.touch(there, this.#wants(file)));
  }

  /** The attributes that the file is to have here. */
  #wants(file: RemoteFile): FileAttributes {
    return this.#parts.options.preserve === false ? {} : file;
  }

  async #bringTo(file: RemoteFile, place: MirroredFile): Promise<void> {
    const { options, record } = this.#parts;
    const { path, url, bytes } = file;
    const there = await place.prepare();
    if (there && there.size === bytes) {
      const check = { ...options, path: place.path, url, listed: file.cid };
      const cid = await cidIfSame({ ...check, stallMs: options.timeoutMs });
      if (cid) {
        this.#count(bytes);
        return record.note(path, `${cid}`, await place.touch(there, this.#wants(file)));
      }
    }
    const body = await fetchSmall(file, { ...this.#parts.shared, signal: options.signal });
    if (body) return this.#stage(file, place, body, there);
    await place.clearStaging();
    await this.#publish(file, place, await this.#fetch(file, place));
  }

  /** Brings what comes best in archives. Resolves to the other files. */
  async #bringArchives(
    changed: readonly RemoteFile[],
    entries: LocalTree['entries'],
  ): Promise<RemoteFile[]> {
    const { options, shared, listed } = this.#parts;
    // What is here may be the same; then nothing has to come.
    const missing = changed.filter((file) => !entries.has(file.path) && smallCidOf(file));
    const left = new Set(changed);
    const fetch = { ...shared, signal: options.signal };
    for (const plan of planArchives(options.url, listed, new Set(missing))) {
      await fetchArchive(plan, fetch, (arrived) => this.#takeArrived(arrived, left));
    }
    await this.#publishStaged();
    return [...left];
  }

  async #takeArrived(arrived: readonly Arrived[], left: Set<RemoteFile>): Promise<void> {
    await atOnce(arrived, AT_ONCE, ({ file, bytes }) =>
      this.#within(file, async (place) => {
        // It stands in an archive once; who sends it again is not heard.
        if (!left.delete(file)) return;
        await this.#stage(file, place, bytes, await place.prepare());
      }),
    );
    if (this.#staged.length >= MOST_STAGED) await this.#publishStaged();
  }

  async #stage(
    file: RemoteFile,
    place: MirroredFile,
    bytes: Uint8Array,
    replaced: Stats | undefined,
  ): Promise<void> {
    const written = await place.stage(bytes, replaced ? undefined : this.#wants(file));
    this.#count(bytes.length);
    this.#staged.push({ file, written });
  }

  /** Gives the small files of this batch their names, once all of them are on the disk. */
  async #publishStaged(): Promise<void> {
    const { local, options } = this.#parts;
    const staged = this.#staged.splice(0);
    if (options.signal.aborted) return;
    const isSynced = staged.length > FEW_STAGED && (await syncFileSystem(local.path));
    await atOnce(staged, AT_ONCE, ({ file, written }) =>
      this.#within(file, async (place) => {
        if (!isSynced) await syncPath(place.stagingPath);
        await this.#publish(file, place, { cid: file.cid, length: file.bytes! }, written);
      }),
    );
  }

  async #publish(
    file: RemoteFile,
    place: MirroredFile,
    { cid, length }: { readonly cid: string | undefined; readonly length: number },
    written?: Stats,
  ): Promise<void> {
    const { options, record } = this.#parts;
    const { path } = file;
    record.note(path, cid, await place.publish(this.#wants(file), written));
    this.#wanted.files.set(path, length);
    this.#changed.add(parentOf(path));
    this.#came.delete(path);
    this.#fetched += 1;
    options.emit({ event: 'file_fetched', path, bytes: length, ...(cid ? { cid } : {}) });
  }

  async #fetch({ path, url }: RemoteFile, place: MirroredFile) {
    const { options, shared } = this.#parts;
    let came: { cid: string | undefined; length: number } | undefined;
    await getFile({
      ...options,
      urls: [url],
      preserve: false,
      target: { kind: 'file', path: place.stagingPath, overwrite: true },
      shared,
      emit: (event) => {
        if (event.event === 'transfer_completed') came = { cid: event.cid, length: event.bytes };
        this.#pass(path, event);
      },
    });
    return came!;
  }

  /** Passes a file's events on: progress as one sum, the others with the file's path. */
  #pass(path: string, event: Event): void {
    switch (event.event) {
      case 'transfer_started':
      case 'transfer_completed':
      case 'transfer_failed':
        return;
      case 'transfer_progressed':
        return this.#progress(path, event.bytes);
      default:
        return this.#parts.options.emit(event);
    }
  }

  #progress(path: string, bytes: number): void {
    const more = bytes - (this.#came.get(path) ?? 0);
    this.#came.set(path, bytes);
    this.#count(more);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#parts.events.progress(this.#bytes);
  }

  /** Syncs each changed directory once, so that the new names survive a power cut. */
  async #sync(): Promise<void> {
    const { local } = this.#parts;
    for (const path of this.#changed) {
      const segments = path === '' ? [] : path.split('/');
      await local
        .within(segments, (directory) => directory.sync())
        .catch((error: unknown) => this.#differences.note(path || '.', describeError(error)));
    }
  }

  /** Saves the record. Without it the next run has to hash some files. */
  async #save(): Promise<void> {
    const { record, local, options } = this.#parts;
    await record.save().catch((error: unknown) => {
      const message = `${local.path}: what was fetched could not be noted: ${describeError(error)}`;
      options.emit({ event: 'warned', message });
    });
  }
}
