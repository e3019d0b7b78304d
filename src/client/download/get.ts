// Gets one file from one or several mirrors: asks the mirrors, finds the manifest, chooses where
// the file goes, and hands over to the verified or to the plain download.
import { rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import { parseAttributes } from '../../api/file-attributes.ts';
import type { FileAttributes } from '../../content/attributes.ts';
import type { Manifest } from '../../content/manifest.ts';
import { FileStore } from '../../disk/file-store.ts';
import { goOnAs, partialOf } from '../../disk/place/partial-name.ts';
import type { Link } from '../../link/link.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeError, hasCode } from '../../runtime/errors.ts';
import { makeDirectory, removeIfEmpty } from '../../runtime/node/make-directory.ts';
import { HttpClient } from '../http/http-client.ts';
import { showUrl } from '../http/url.ts';
import { Patience } from '../mirrors/fail-over.ts';
import { fetchManifest } from '../mirrors/fetch-manifest.ts';
import { namedMirrors, probeNamed } from '../mirrors/named-mirrors.ts';
import { ofVersion, type Probed, probeMirrors } from '../mirrors/probe.ts';
import { TransferEvents } from '../mirrors/transfer-events.ts';
import { verifiedVersion } from '../mirrors/version.ts';
import { findUnchanged } from './ask-again.ts';
import { downloadPieces } from './download.ts';
import { deriveFileName } from './file-name.ts';
import { getEarly, manifestOnceHashed, pendingHub, untilHashed } from './get-early.ts';
import type { GetOptions } from './get-options.ts';
import { type Gotten, getPlain } from './get-plain.ts';
import type { PieceSink } from './piece-sink.ts';
import { probeFile } from './probe-file.ts';
import { chooseTarget, outletOf, type Target } from './target.ts';
import { verifiedPipe } from './verified-pipe.ts';

/**
 * Silence after which another mirror is asked. Chosen: longer than TCP takes to recover from a short
 * loss of the path. A server without others beside it has all the time that the user gives.
 */
const MIRROR_STALL_MS = 10_000;

/**
 * More connections do not help, whether or not the hub caps each client. 128 MiB in memory from a
 * hub on this machine, median of twelve: 0.56 s with one, 0.63 with two, 0.78 with four. 256 MiB
 * with --client-uplink 64MiB/s, median of five: 4.6, 4.8 and 4.7 s.
 */
const CONNECTIONS_PER_HOST = 1;
/** Attempts for a file that changes while it is fetched; then one answer is taken. Chosen. */
const MAX_VERSIONS = 4;

/** @throws HubswarmError; the partial file stays, so that the next call goes on there */
export async function getFile(options: GetOptions): Promise<void> {
  const name = deriveFileName(options.urls[0]!, undefined);
  const transfer = new Transfer(options, new TransferEvents(name, options.emit, systemClock));
  try {
    await transfer.run();
  } catch (error) {
    // A sleep or a socket that the signal ended throws an error of its own.
    const reason: unknown = options.signal.aborted ? options.signal.reason : error;
    await removeIfEmpty(transfer.made);
    transfer.events.fail(reason);
    throw reason;
  } finally {
    transfer.close();
  }
}

class Transfer {
  readonly events: TransferEvents;
  /** Directories that were made for the target. */
  made: readonly string[] = [];
  readonly #options: GetOptions;
  readonly #http: HttpClient;
  readonly #link: Link;
  readonly #patience: Patience;
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  /** The given URLs, without those that turned out to have another file. */
  #urls: readonly URL[];
  /** Absent if the link is shared. */
  readonly #ownLink: ProcessLink | undefined;
  /** The stream that the bytes go to, if this transfer opened it. */
  #opened: Writable | undefined;
  #target: Target | undefined;
  /** The CID of the version that is fetched, if it is verified. */
  #root: CID | undefined;
  /** The blocks of the manifest found last. */
  #dag: ReadonlyMap<string, Uint8Array> = new Map();
  /** Whether bytes went to a pipe or device, which cannot take them back. */
  #sentOn = false;

  constructor(options: GetOptions, events: TransferEvents) {
    this.#options = options;
    this.#urls = options.urls;
    const { stallMs = options.urls.length > 1 ? MIRROR_STALL_MS : options.timeoutMs } = options;
    this.events = events;
    this.#http =
      options.shared?.http ??
      new HttpClient({
        stallMs: Math.min(stallMs, options.timeoutMs),
        mostStallMs: options.timeoutMs,
        exacting: options.urls.length > 1,
        minBytesPerSecond: options.minBytesPerSecond,
        access: options.access,
      });
    this.#patience = new Patience(options.timeoutMs, systemClock);
    this.#ownLink = options.shared ? undefined : new ProcessLink(options.emit, options);
    this.#link = options.shared?.link ?? this.#ownLink!;
  }

  async run(): Promise<void> {
    if (await this.#isUnchanged()) return;
    let probed = await probeFile(this.#context(), this.#options.urls);
    for (let version = 1; version < MAX_VERSIONS; version++) {
      try {
        return await this.#get(probed);
      } catch (error) {
        probed = await this.#probeChanged(error);
      }
    }
    const message = 'the file changes too often to be verified: it comes as one answer has it';
    this.#options.emit({ event: 'warned', message });
    const target = await this.#chooseTarget(probed[0]!);
    if (target.kind === 'file')
      await rm(partialOf(this.#root!, resolve(target.path)), { force: true });
    await this.#keep(await this.#getPlain(target, probed, this.#options.signal));
  }

  /**
   * Asks the mirrors again, if none has the version any more that failed.
   *
   * @throws the error otherwise
   */
  async #probeChanged(error: unknown): Promise<readonly Probed[]> {
    const { urls, cid, signal } = this.#options;
    const root = this.#root;
    const canBegin = !this.#sentOn && this.#patience.leftMs > 0;
    if (!hasCode(error, 'ERR_NO_SOURCE') || cid || !root || !canBegin) throw error;
    const probed = await probeMirrors(this.#context(), urls).catch(() => {
      signal.throwIfAborted();
      throw error;
    });
    if (probed.some((each) => each.cid?.equals(root))) throw error;
    this.#urls = urls;
    return probed;
  }

  async #get(probed: readonly Probed[]): Promise<void> {
    const root = this.#options.cid ?? probed.find(({ cid }) => cid)?.cid;
    const hub = probed.some(({ cid }) => cid) ? undefined : pendingHub(probed);
    // The hub serves the blocks of a CID once it has hashed the file.
    if (hub && root) await untilHashed(this.#context(), hub, this.#options.timeoutMs);
    const same = root ? ofVersion(probed, root, this.#options.emit) : probed;
    const refused = probed.filter((each) => !same.includes(each)).map(({ url }) => url);
    this.#urls = this.#urls.filter((url) => !refused.includes(url));
    const manifest = root && (await this.#findManifest(same, root));
    const [first] = same;
    const target = await this.#chooseTarget(first!);
    const follows = this.#options.followMirrors !== false;
    const named = follows ? namedMirrors(this.#http, same, this.#urls) : [];
    if (manifest) {
      this.#urls = [...this.#urls, ...named];
      const source = same.find(({ cid }) => cid?.equals(manifest.root));
      await this.#getVerified(manifest, target, source);
      return source && this.#note(source);
    }
    const found = await probeNamed(this.#context(), named, first!);
    this.#urls = [...this.#urls, ...found.map(({ url }) => url)];
    const download = (signal: AbortSignal) => this.#getPlain(target, [...same, ...found], signal);
    if (hub && target.kind === 'file') return this.#getEarly(hub, target, download);
    await this.#keep(await download(this.#options.signal));
  }

  /** Chooses the target once: what the user named is opened only once. */
  async #chooseTarget({ url, headers }: Probed): Promise<Target> {
    if (this.#target) return this.#target;
    const { output, force, stdout, target, makesDirectory } = this.#options;
    if (makesDirectory && output !== undefined) this.made = await makeDirectory(output);
    this.events.name = deriveFileName(url, headers.get('content-disposition'));
    this.#target = target ?? (await chooseTarget(output, this.events.name, force ?? false, stdout));
    if (this.#target.kind === 'stream' && this.#target.isOwn) this.#opened = this.#target.out;
    return this.#target;
  }

  /** Gets the file from a hub that has not hashed it yet. */
  async #getEarly(
    hub: Probed,
    target: Target & { kind: 'file' },
    download: (signal: AbortSignal) => Promise<Gotten>,
  ): Promise<void> {
    const { signal, emit } = this.#options;
    const { gotten, manifest } = await getEarly({
      target: target.path,
      download,
      findManifest: (over) => manifestOnceHashed({ ...this.#context(), signal: over }, hub),
      signal,
    });
    if (manifest) {
      // The complete file is this download's own, and may be replaced.
      const overwrite = target.overwrite || gotten !== undefined;
      this.#target = { ...target, overwrite };
      await this.#getVerified(manifest, this.#target, gotten?.from ?? hub);
      return this.#note({ url: hub.url, headers: new Map([['etag', `"${manifest.root}"`]]) });
    }
    emit({ event: 'warned', message: 'the hub has not hashed it yet: it is not verified' });
    if (gotten) await this.#keep(gotten);
  }

  async #keep({ path, bytes, from }: Gotten): Promise<void> {
    this.events.complete(path, bytes);
    await this.#note(from);
  }

  /** Whether the file here is still the server's file. */
  async #isUnchanged(): Promise<boolean> {
    const { records, force, output } = this.#options;
    if (!records || force || output === '-') return false;
    const known = await findUnchanged(this.#http, records, this.#options);
    if (!known) return false;
    this.events.name = basename(known.path);
    this.events.complete(known.path, known.bytes, { unchanged: true });
    return true;
  }

  /** Records the download under the URL whose validator it is. */
  async #note({ url, headers }: Pick<Probed, 'url' | 'headers'>): Promise<void> {
    const { records, output } = this.#options;
    const { path } = this.events;
    if (path === undefined || this.#target?.kind !== 'file') return;
    await records?.note(showUrl(url), output, path, headers);
  }

  close(): void {
    this.#opened?.destroy();
    if (this.#options.shared) return;
    this.#http.close();
    this.#ownLink?.close();
  }

  /** The manifest; undefined if the servers' CID is of no use. The user's CID must be found. */
  async #findManifest(probed: readonly Probed[], root: CID): Promise<Manifest | undefined> {
    const { cid: wanted, emit } = this.#options;
    const files = probed.map(({ finalUrl }) => finalUrl);
    try {
      return await fetchManifest(this.#context(), root, files);
    } catch (error) {
      const unusable = hasCode(error, 'ERR_NO_SOURCE') || hasCode(error, 'ERR_MANIFEST');
      if (wanted || !unusable || this.#patience.leftMs <= 0) throw error;
      emit({ event: 'warned', message: `${root} is of no use: ${describeError(error)}` });
      return undefined;
    }
  }

  async #getVerified(
    manifest: Manifest,
    target: Target,
    source: Pick<Probed, 'headers'> | undefined,
  ): Promise<void> {
    const { root, geometry } = manifest;
    const { signal, fetchPieces } = this.#options;
    const { path: place, kind } = target;
    if (kind === 'file' && this.#root) await goOnAs(this.#root, root, place);
    this.#root = root;
    const store =
      kind === 'file'
        ? await FileStore.download(manifest, place, {
            overwrite: target.overwrite,
            attributes: this.#attributesOf(source),
            signal,
          })
        : undefined;
    const sink: PieceSink =
      kind === 'file' ? store! : verifiedPipe(manifest, outletOf(target, signal));
    let bytes = 0;
    for (const piece of sink.have) bytes += geometry.length(piece);
    // The bytes get the full patience, whatever the steps before took (a slow hub, hashing).
    this.#patience.restart();
    this.events.start({
      cid: root.toString(),
      bytes: geometry.totalLength,
      pieces: geometry.pieceCount,
      resumedBytes: bytes,
      verified: true,
    });
    let isKeptOpen = false;
    const context = this.#context();
    const work = {
      ...context,
      urls: this.#urls,
      onPiece: (length: number) => {
        bytes += length;
        this.#sentOn ||= kind === 'stream';
        this.events.progress(bytes);
      },
    };
    const version = verifiedVersion(manifest);
    const plain = () => downloadPieces({ ...work, geometry, version, sink });
    const keepOpen = () => {
      isKeptOpen = true;
    };
    const { name } = this.events;
    try {
      if (store && fetchPieces)
        await fetchPieces({ ...work, name, manifest, dag: this.#dag, store, keepOpen, plain });
      else await plain();
      const path = store ? await store.publish() : undefined;
      this.events.complete(path ?? target.path, geometry.totalLength);
    } finally {
      if (!isKeptOpen) await store?.close();
    }
  }

  #attributesOf(source: Pick<Probed, 'headers'> | undefined): FileAttributes | undefined {
    if (!source || this.#options.preserve === false) return undefined;
    return parseAttributes((name) => source.headers.get(name));
  }

  #getPlain(target: Target, probed: readonly Probed[], signal: AbortSignal): Promise<Gotten> {
    return getPlain({
      ...this.#context(),
      signal,
      target,
      urls: this.#urls,
      probed,
      preserve: this.#options.preserve !== false,
      onStart: (facts) => {
        this.#patience.restart();
        const pending = target.kind === 'file' && pendingHub(probed) !== undefined;
        this.events.start({ pieces: 0, ...facts, ...(pending && { pending }) });
      },
      onProgress: (position) => this.events.progress(position),
    });
  }

  #context() {
    return {
      http: this.#http,
      link: this.#link,
      patience: this.#patience,
      clock: systemClock,
      seed: this.#seed,
      emit: this.#options.emit,
      signal: this.#options.signal,
      connectionsPerHost: this.#options.connectionsPerHost ?? CONNECTIONS_PER_HOST,
      onDag: (dag: ReadonlyMap<string, Uint8Array>) => {
        this.#dag = dag;
      },
    };
  }
}
