// A hub's directory and all below it, mirrored into a local one: reads the listings,
// makes the directories, fetches what changed, a few files at a time, and removes what
// is not there any more when asked to. A file that fails does not stop the others; the
// whole then fails at the end, and nothing was removed.
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { CountReporter } from '../link/counts.ts';
import { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import type { Emit, Event } from '../telemetry/event.ts';
import type { Access } from './access.ts';
import { getFile } from './get.ts';
import { HttpClient } from './http-client.ts';
import { makeDirectories, removeExtras } from './local-tree.ts';
import { type RemoteFile, type RemoteTree, readRemoteTree } from './remote-tree.ts';
import { SourceFailure } from './source-failure.ts';
import { TransferEvents } from './transfer-events.ts';
import { TreeRecord } from './tree-record.ts';
import { showUrl } from './url.ts';

export interface GetTreeOptions {
  /** Of a directory. */
  readonly url: URL;
  readonly directory: string;
  /** Remove local files that the hub does not have. */
  readonly deleteExtras: boolean;
  readonly access?: Access | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  readonly timeoutMs: number;
  readonly stdout: Writable;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Chosen: hides the round trips of small files, and a hub has others to serve. */
const FILES_AT_ONCE = 4;

/** @throws HubswarmError; what came is kept, and the next call goes on there */
export async function getTree(options: GetTreeOptions): Promise<void> {
  const counts = new CountReporter(options.emit);
  const link = new Link({
    uplinkBytesPerSecond: options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
    downlinkBytesPerSecond: options.downlinkBytesPerSecond ?? Number.POSITIVE_INFINITY,
    onCount: counts.note,
  });
  const { access, timeoutMs } = options;
  const http = new HttpClient({ stallMs: timeoutMs, access });
  const directory = resolve(options.directory);
  const events = new TransferEvents(options.url.pathname, options.emit, systemClock);
  try {
    await new TreeGet({ ...options, directory }, { http, link }, events).run();
  } catch (error) {
    const reason = reasonOf(options, error);
    events.fail(reason);
    throw reason;
  } finally {
    http.close();
    counts.close(link);
  }
}

function reasonOf({ signal, url }: GetTreeOptions, error: unknown): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof SourceFailure)) return error;
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${error.message}`, { cause: error });
}

class TreeGet {
  readonly #options: GetTreeOptions;
  readonly #shared: { http: HttpClient; link: Link };
  readonly #events: TransferEvents;
  /** Of files that are on their way or here: bytes so far. */
  readonly #came = new Map<string, number>();
  readonly #failures: string[] = [];
  #bytes = 0;

  constructor(
    options: GetTreeOptions,
    shared: { http: HttpClient; link: Link },
    events: TransferEvents,
  ) {
    this.#options = options;
    this.#shared = shared;
    this.#events = events;
  }

  async run(): Promise<void> {
    const { url, directory, signal, emit, deleteExtras } = this.#options;
    const root = new URL(url);
    if (!root.pathname.endsWith('/')) root.pathname += '/';
    const tree = await readRemoteTree(this.#shared.http, root, signal);
    await makeDirectories(directory, tree.directories);
    const record = await TreeRecord.read(directory);
    const changed = await changedFiles(tree, record);
    const bytes = changed.reduce((sum, file) => sum + file.bytes, 0);
    this.#events.start({ bytes, pieces: 0, resumedBytes: 0, verified: true });
    try {
      await this.#fetchAll(changed, record);
    } finally {
      await record.save();
    }
    signal.throwIfAborted();
    if (this.#failures.length > 0) {
      const count = `${this.#failures.length} of ${tree.files.length} files could not be fetched`;
      throw new HubswarmError('ERR_NO_SOURCE', `${count}: ${this.#failures[0]}`);
    }
    const removed = deleteExtras ? await removeExtras(directory, tree) : [];
    for (const path of removed) emit({ event: 'file_removed', path });
    const unchanged = tree.files.length - changed.length;
    const counts = { fetched: changed.length, unchanged, removed: removed.length };
    emit({ event: 'tree_mirrored', path: directory, ...counts });
    this.#events.complete(directory, this.#bytes);
  }

  async #fetchAll(files: readonly RemoteFile[], record: TreeRecord): Promise<void> {
    const left = [...files];
    const lane = async (): Promise<void> => {
      for (let file = left.shift(); file; file = left.shift()) await this.#fetch(file, record);
    };
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
  }

  async #fetch(file: RemoteFile, record: TreeRecord): Promise<void> {
    const { directory, signal } = this.#options;
    if (signal.aborted) return;
    let cid: string | undefined;
    try {
      await getFile({
        ...this.#options,
        urls: [file.url],
        output: join(directory, file.path),
        shared: this.#shared,
        emit: (event) => {
          if (event.event === 'transfer_completed') ({ cid } = event);
          this.#report(file, event);
        },
      });
      // Without a CID there is nothing to compare the next listing with.
      if (cid !== undefined) await record.note(file.path, cid);
    } catch (error) {
      if (!signal.aborted) this.#failures.push(describeError(error));
    }
  }

  /** One progress for all, one event for each file that is done. */
  #report(file: RemoteFile, event: Event): void {
    const { emit } = this.#options;
    switch (event.event) {
      case 'transfer_started':
        return;
      case 'transfer_progressed':
        this.#bytes += event.bytes - (this.#came.get(file.path) ?? 0);
        this.#came.set(file.path, event.bytes);
        return this.#events.progress(this.#bytes);
      case 'transfer_completed': {
        const { cid } = event;
        const facts = { path: file.path, bytes: event.bytes, ...(cid ? { cid } : {}) };
        return emit({ event: 'file_fetched', ...facts });
      }
      case 'transfer_failed':
        return emit({ event: 'warned', message: `${file.path}: ${event.message}` });
      default:
        return emit(event);
    }
  }
}

async function changedFiles(tree: RemoteTree, record: TreeRecord): Promise<RemoteFile[]> {
  const changed: RemoteFile[] = [];
  for (const file of tree.files) if (!(await record.isUnchanged(file))) changed.push(file);
  return changed;
}
