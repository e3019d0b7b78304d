// Sends a directory to a hub, so that only what changed moves. It compares the hub's listing with
// the local files (length first, then the CID) and sends the rest, some files at a time. With
// `remove` it deletes on the hub what is not here. Hidden names and everything that is no regular
// file are left out: a hub serves neither. A name that is something else on the hub gives way as
// with rsync: a file to a directory, an empty directory to a file; another only with `remove`.
// Links there are replaced or removed, never followed. A path that fails is named and does not stop
// the rest; then nothing is deleted. At the end the hub's listing is compared with the directory.
import { basename } from 'node:path';
import type { CID } from 'multiformats/cid';
import type { ReplaceWish } from '../../api/replace-field.ts';
import type { Link } from '../../link/link.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { atOnce } from '../../runtime/at-once.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeError, hasCode } from '../../runtime/errors.ts';
import { LinkedAbort } from '../../runtime/linked-abort.ts';
import { TransferRate } from '../http/least-rate.ts';
import { statusOf } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { TransferEvents } from '../mirrors/transfer-events.ts';
import { cidIfSame } from '../upload/check-stored.ts';
import { makeRemoteDirectory } from '../upload/make-directory.ts';
import { type PutOptions, putFailure } from '../upload/put.ts';
import { removeFile } from '../upload/remove.ts';
import { storeFile } from '../upload/store-file.ts';
import { untilAnswered } from '../upload/until-answered.ts';
import { Differences } from './differences.ts';
import { replaceDirectory, replaceFile } from './give-way.ts';
import { type LocalFile, type LocalFiles, localFiles } from './local-files.ts';
import { type PutPlan, planPut } from './put-plan.ts';
import { RemoteAttributes } from './remote-attributes.ts';
import { listRemote, type RemoteFile, type RemoteTree } from './remote-files.ts';
import { SentPlaces } from './sent-places.ts';
import { isAtOrBelow, twinsOf, urlBelow } from './tree-path.ts';

/**
 * Chosen: it hides the round trips of small files. More would share the same link and load the hub.
 */
const AT_ONCE = 4;

export interface PutDirectoryOptions extends PutOptions {
  /** Whether to delete what the hub has and this directory has not. */
  readonly remove: boolean;
  /** What the same command has sent before: none of it is overwritten. */
  readonly sent?: SentPlaces | undefined;
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
  const uplinkBytesPerSecond = options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY;
  const link = new ProcessLink(options.emit, { uplinkBytesPerSecond });
  const rate = new TransferRate(options.minBytesPerSecond, 'took');
  const ending = new LinkedAbort([options.signal, rate.slow]);
  const { signal } = ending;
  try {
    return await new Mirroring({ ...options, url, signal }, { link, rate }, events).run();
  } catch (error) {
    const told = putFailure(error, url, signal);
    events.fail(told);
    throw told;
  } finally {
    ending.release();
    link.close();
  }
}

class Mirroring {
  readonly #options: PutDirectoryOptions;
  readonly #link: Link;
  readonly #rate: TransferRate;
  readonly #events: TransferEvents;
  /** Bytes sent of each file under way or done, by its path here. */
  readonly #sentBytes = new Map<string, number>();
  /** New lengths of files that changed since they were found. */
  readonly #sizes = new Map<string, number>();
  readonly #differences: Differences;
  readonly #attributes: RemoteAttributes;
  /** Paths here that differ in nothing but their Unicode spelling. */
  #twins: ReadonlySet<string> = new Set();
  /** Files sent with the directory that took the place of a file, and such directories made empty. */
  readonly #placed = new Set<string>();
  #bytes = 0;
  #removed = 0;
  #taken = 0;
  #refused = 0;

  constructor(
    options: PutDirectoryOptions,
    { link, rate }: { readonly link: Link; readonly rate: TransferRate },
    events: TransferEvents,
  ) {
    this.#options = options;
    this.#link = link;
    this.#rate = rate;
    this.#events = events;
    this.#differences = new Differences(options.emit);
    this.#attributes = new RemoteAttributes(options);
  }

  async run(): Promise<PutSummary> {
    const { url, remove, sent = new SentPlaces() } = this.#options;
    const found = await localFiles(this.#options.path, {
      onLeftOut: (message) => this.#warn(message),
      onUnsendable: (path, reason) => this.#differences.note(path, reason),
    });
    const local = sent.addTree(url, found, (path, reason) => this.#differences.note(path, reason));
    const remote = await this.#list(local);
    const changed: LocalFile[] = [];
    await atOnce(local.files, AT_ONCE, async (file) => {
      const there = remote.files.get(pathOf(file));
      await this.#attempt(pathOf(file), async () => {
        const cid = await this.#cidThere(file, there);
        if (!cid) changed.push(file);
        else {
          const isExact = isAtOrBelow(pathOf(file), this.#twins);
          const place = { url: this.#urlOf(file), cid, isExact };
          await this.#attributes.bring(place, there!, file.attributes);
        }
      });
    });
    const bytes = changed.reduce((sum, { size }) => sum + size, 0);
    const facts = { bytes, pieces: 0, resumedBytes: 0, verified: true };
    this.#events.start({ ...facts, direction: 'sending' });
    const plan = planPut(local, remote);
    this.#twins = twinsOf([...local.directories, ...local.files.map(pathOf)]);
    await this.#makeWay(plan, remote);
    // No file makes the directory itself.
    if (local.files.length === 0 && !remote.isListed)
      await makeRemoteDirectory({ ...this.#options, isExact: false });
    const left = changed.filter((file) => !this.#placed.has(pathOf(file)));
    await atOnce(left, AT_ONCE, (file) => this.#replace(file, plan));
    if (remove && this.#differences.count === 0) await this.#removeExtras(plan);
    await this.#check(local);
    this.#differences.check(showUrl(url), 'not as here');
    this.#events.complete(showUrl(url), bytes);
    const unchanged = local.files.length - changed.length;
    return { sent: changed.length, unchanged, removed: this.#removed };
  }

  /** Lists also directories that have the name of a file here: they are in the way. */
  #list({ directories, files }: LocalFiles): Promise<RemoteTree> {
    const wanted = [...directories, ...files.map(pathOf)];
    const onRefused = (path: string, reason: string) => this.#differences.note(path, reason);
    return listRemote({ ...this.#options, onRefused }, wanted, this.#options.remove);
  }

  /** The CID of the hub's file if it has the same bytes. */
  async #cidThere(file: LocalFile, there: RemoteFile | undefined): Promise<CID | undefined> {
    if (!there || there.isLink || there.size !== file.size) return undefined;
    const check = { ...this.#options, path: file.path, url: this.#urlOf(file), listed: there.cid };
    return cidIfSame(check);
  }

  async #touchDirectories(local: LocalFiles, remote: RemoteTree): Promise<void> {
    const { url } = this.#options;
    await atOnce(local.times, AT_ONCE, async ([path, modifiedMs]) => {
      const there = remote.times.get(path);
      const place = path === '' ? url : urlBelow(url, [...path.split('/'), '']);
      const isExact = isAtOrBelow(path, this.#twins);
      if (there === undefined) return;
      await this.#attempt(path || '.', () =>
        this.#attributes.bring({ url: place, isExact }, { modifiedMs: there }, { modifiedMs }),
      );
    });
  }

  async #makeWay({ filesInTheWay, emptyDirectories }: PutPlan, remote: RemoteTree): Promise<void> {
    for (const [path, files] of filesInTheWay) {
      await this.#attempt(path, async () => {
        const readable = files.filter((file) => !this.#differences.has(pathOf(file)));
        const placed = await replaceFile(this.#mirror, path, readable, remote.links.has(path));
        if (placed !== undefined) this.#placed.add(placed);
      });
    }
    for (const path of emptyDirectories) {
      if (this.#placed.has(path) || this.#differences.has(path)) continue;
      await this.#attempt(path, () => this.#makeDirectory(path));
    }
  }

  async #makeDirectory(path: string): Promise<void> {
    const url = urlBelow(this.#options.url, [...path.split('/'), '']);
    const isExact = isAtOrBelow(path, this.#twins);
    const make = () => makeRemoteDirectory({ ...this.#options, url, isExact });
    if (await untilAnswered({ ...this.#options, url }, make)) return;
    this.#warn(`${path}: left out: the server makes no empty directories`);
  }

  async #replace(file: LocalFile, { directoriesInTheWay }: PutPlan): Promise<void> {
    const path = pathOf(file);
    const inTheWay = directoriesInTheWay.get(path);
    await this.#attempt(path, () =>
      inTheWay ? replaceDirectory(this.#mirror, file, inTheWay) : this.#send(file),
    );
  }

  get #mirror() {
    return {
      options: this.#options,
      send: (file: LocalFile, replaces?: ReplaceWish) => this.#send(file, replaces),
      remove: (path: string) => this.#removeNow(path),
      noteRemoved: (count: number) => {
        this.#removed += count;
      },
      isExact: (path: string) => isAtOrBelow(path, this.#twins),
    };
  }

  async #send(file: LocalFile, replaces?: ReplaceWish): Promise<void> {
    const { ifAbsent, uplinkBytesPerSecond } = this.#options;
    const url = this.#urlOf(file);
    await storeFile({
      ...this.#options,
      path: file.path,
      url,
      ifAbsent: ifAbsent ?? false,
      replaces,
      preserve: this.#options.preserve !== false,
      isExact: isAtOrBelow(pathOf(file), this.#twins),
      link: this.#link,
      mean: this.#rate.mean,
      paced: uplinkBytesPerSecond !== undefined,
      onStart: (bytes) => this.#sizes.set(pathOf(file), bytes),
      onSent: (bytes) => this.#note(file, bytes),
    });
    this.#note(file, file.size);
    this.#taken += 1;
  }

  #note(file: LocalFile, bytes: number): void {
    this.#bytes += bytes - (this.#sentBytes.get(file.path) ?? 0);
    this.#sentBytes.set(file.path, bytes);
    this.#events.progress(this.#bytes);
  }

  /** Deletes files first, then the directories that they leave empty, the deepest first. */
  async #removeExtras({ extraFiles, extraDirectories }: PutPlan): Promise<void> {
    await atOnce(extraFiles, AT_ONCE, (path) => this.#removeOne(path));
    for (const path of extraDirectories) await this.#removeOne(path);
  }

  #removeOne(path: string): Promise<void> {
    return this.#attempt(path, () => this.#removeNow(path));
  }

  async #removeNow(path: string): Promise<void> {
    const url = urlBelow(this.#options.url, path.split('/'));
    const place = { ...this.#options, url };
    await untilAnswered(place, () => removeFile(place)).catch(unlessGone);
    this.#removed += 1;
  }

  /**
   * Compares with the hub's present listing. A server without listings has confirmed each file
   * already.
   */
  async #check(local: LocalFiles): Promise<void> {
    const remote = await this.#list(local);
    if (!remote.isListed) return;
    await this.#touchDirectories(local, remote);
    const directories = new Set(remote.directories);
    for (const file of local.files) {
      const path = pathOf(file);
      const size = this.#sizes.get(path) ?? file.size;
      const there = remote.files.get(path);
      if (directories.has(path)) this.#differences.note(path, 'is a directory there');
      else if (there?.isLink || remote.links.has(path))
        this.#differences.note(path, 'is a link there');
      else if (!there) this.#differences.note(path, 'is not on the hub');
      else if (there.size !== size)
        this.#differences.note(path, `has ${there.size} bytes there, not ${size}`);
    }
    if (!this.#options.remove) return;
    const { extraFiles, extraDirectories } = planPut(local, remote);
    for (const path of [...extraFiles, ...extraDirectories])
      this.#differences.note(path, 'is not here');
  }

  /**
   * Runs the work for one path, and names the path if only it fails.
   *
   * @throws a failure that would hit all other paths too
   */
  async #attempt(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { url, signal } = this.#options;
      const place = urlBelow(url, path.split('/'));
      if (signal.aborted || !this.#isOfOnePath(error)) throw putFailure(error, place, signal);
      this.#differences.note(path, describeError(error));
    }
  }

  /**
   * Whether the failure concerns one path only. A hub that refuses many in a row and accepts none
   * refuses all.
   */
  #isOfOnePath(error: unknown): boolean {
    if (statusOf(error) !== 403) return isOfOnePath(error);
    this.#refused += 1;
    return this.#taken > 0 || this.#refused < MAX_REFUSED;
  }

  #warn(message: string): void {
    this.#options.emit({ event: 'warned', message });
  }

  #urlOf({ segments }: LocalFile): URL {
    return urlBelow(this.#options.url, segments);
  }
}

/** Another client deleted it first, or this one, whose answer was lost. */
function unlessGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

const pathOf = ({ segments }: LocalFile): string => segments.join('/');

/**
 * Codes that concern one path: a file here that is gone, unreadable or written to, or the hub's
 * refusal of one name.
 */
const OWN_CODES = [
  'ERR_NOT_FOUND',
  'ERR_NOT_PERMITTED',
  'ERR_SOURCE_CHANGED',
  'ERR_USAGE',
  'ERR_EXISTS',
  'ERR_HASH_MISMATCH',
] as const;
/** Refusals in a row until the hub is given up. Chosen: as many lines as people read. */
const MAX_REFUSED = 20;
const OWN_STATUSES = new Set([400, 409, 412, 413, 414, 422]);

function isOfOnePath(error: unknown): boolean {
  if (OWN_CODES.some((code) => hasCode(error, code))) return true;
  return OWN_STATUSES.has(statusOf(error) ?? 0);
}
