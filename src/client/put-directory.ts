// A directory to a hub, so that only what changed moves: what the hub lists is
// compared with what lies here (size first, then the CID), the rest is sent, some
// files at a time, and with `remove` what is not here is deleted there. Hidden names
// and what is no regular file are left out: a hub serves neither.
import { basename } from 'node:path';
import { CountReporter } from '../link/counts.ts';
import { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import { atOnce } from './at-once.ts';
import { cidIfSame } from './check-stored.ts';
import { type LocalFile, localFiles } from './local-files.ts';
import { type PutOptions, putFailure } from './put.ts';
import { listRemote, type RemoteFile } from './remote-files.ts';
import { removeFile } from './remove.ts';
import { storeFile } from './store-file.ts';
import { TransferEvents } from './transfer-events.ts';
import { showUrl } from './url.ts';

export interface PutDirectoryOptions extends PutOptions {
  /** Delete what the hub has there and this directory has not. */
  readonly remove: boolean;
}

export interface PutSummary {
  readonly sent: number;
  readonly unchanged: number;
  readonly removed: number;
}

/** @throws HubswarmError as putFile() */
export async function putDirectory(options: PutDirectoryOptions): Promise<PutSummary> {
  const url = new URL(options.url);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  const events = new TransferEvents(basename(options.path), options.emit, systemClock);
  const counts = new CountReporter(options.emit);
  const uplinkBytesPerSecond = options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY;
  const link = new Link({ uplinkBytesPerSecond, onCount: counts.note });
  try {
    return await new Mirroring({ ...options, url }, link, events).run();
  } catch (error) {
    const told = putFailure(error, url, options.signal);
    events.fail(told);
    throw told;
  } finally {
    counts.close(link);
  }
}

class Mirroring {
  readonly #options: PutDirectoryOptions;
  readonly #link: Link;
  readonly #events: TransferEvents;
  /** Of each file under way or done. */
  readonly #sentBytes = new Map<string, number>();
  #bytes = 0;

  constructor(options: PutDirectoryOptions, link: Link, events: TransferEvents) {
    this.#options = options;
    this.#link = link;
    this.#events = events;
  }

  async run(): Promise<PutSummary> {
    const { path, url, emit, remove } = this.#options;
    const local = await localFiles(path, (message) => emit({ event: 'warned', message }));
    const directories = new Set(local.map(({ segments }) => segments.slice(0, -1).join('/')));
    const remote = await listRemote(this.#options, directories, remove);
    const changed: LocalFile[] = [];
    await atOnce(local, async (file) => {
      if (!(await this.#isThere(file, remote.files.get(file.segments.join('/'))))) {
        changed.push(file);
      }
    });
    const bytes = changed.reduce((sum, { size }) => sum + size, 0);
    const facts = { bytes, pieces: 0, resumedBytes: 0, verified: true };
    this.#events.start({ ...facts, direction: 'sending' });
    await atOnce(changed, (file) => this.#send(file));
    const removed = remove ? await this.#remove(local, remote) : 0;
    this.#events.complete(showUrl(url), bytes);
    return { sent: changed.length, unchanged: local.length - changed.length, removed };
  }

  async #isThere(file: LocalFile, there: RemoteFile | undefined): Promise<boolean> {
    if (!there || there.size !== file.size) return false;
    const check = { ...this.#options, path: file.path, url: this.#urlOf(file), listed: there.cid };
    return (await cidIfSame(check)) !== undefined;
  }

  async #send(file: LocalFile): Promise<void> {
    const { ifAbsent, uplinkBytesPerSecond } = this.#options;
    const url = this.#urlOf(file);
    try {
      await storeFile({
        ...this.#options,
        path: file.path,
        url,
        ifAbsent: ifAbsent ?? false,
        link: this.#link,
        paced: uplinkBytesPerSecond !== undefined,
        onStart: () => undefined,
        onSent: (bytes) => this.#note(file, bytes),
      });
    } catch (error) {
      throw putFailure(error, url, this.#options.signal);
    }
    this.#note(file, file.size);
  }

  #note(file: LocalFile, bytes: number): void {
    this.#bytes += bytes - (this.#sentBytes.get(file.path) ?? 0);
    this.#sentBytes.set(file.path, bytes);
    this.#events.progress(this.#bytes);
  }

  /** Files first, then the directories that they leave empty, the deepest first. */
  async #remove(
    local: readonly LocalFile[],
    remote: Awaited<ReturnType<typeof listRemote>>,
  ): Promise<number> {
    const names = local.map(({ segments }) => segments);
    const kept = new Set(
      names.flatMap((segments) => segments.map((_, end) => segments.slice(0, end + 1).join('/'))),
    );
    const files = [...remote.files.keys()].filter((path) => !kept.has(path));
    const directories = remote.directories.filter((path) => !kept.has(path));
    await atOnce(files, (path) => this.#removeOne(path));
    const deepestFirst = directories.toSorted((a, b) => b.split('/').length - a.split('/').length);
    for (const path of deepestFirst) await this.#removeOne(path);
    return files.length + directories.length;
  }

  #removeOne(path: string): Promise<void> {
    return removeFile({ ...this.#options, url: urlBelow(this.#options.url, path.split('/')) });
  }

  #urlOf({ segments }: LocalFile): URL {
    return urlBelow(this.#options.url, segments);
  }
}

function urlBelow(base: URL, segments: readonly string[]): URL {
  const url = new URL(base);
  url.pathname += segments.map(encodeURIComponent).join('/');
  return url;
}
