// Fetches one file: finds out what it is, opens (or resumes) the partial file,
// takes part in the swarm until every piece is here, and publishes it. Pieces that
// are here are served from the first one on.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../content/manifest.ts';
import type { PieceStore } from '../content/store.ts';
import { FileStore } from '../disk/file-store.ts';
import type { Link } from '../link/link.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { makeDirectory } from '../runtime/node/make-directory.ts';
import type { Emit } from '../telemetry/event.ts';
import { type HeldDag, rawRootOf } from './dag-protocol.ts';
import type { Discovery } from './discovery.ts';
import type { KeptManifests } from './kept-manifests.ts';
import { Lack } from './lack.ts';
import type { FetchedManifest } from './manifest-bytes.ts';
import { searchManifest } from './manifest-search.ts';
import type { Node } from './node.ts';
import type { PackedManifests } from './packed-manifests.ts';
import type { Share } from './share.ts';
import type { SwarmHooks } from './swarm.ts';

/** How often progress is told, and time without any is looked at. */
const PROGRESS_MS = 100;
/**
 * The first seconds belong to the neighbours, who name each other: walks of the DHT
 * by everybody at once took more CPU than a short transfer. A peer that is alone
 * asks it soon; telling it of one more source can wait.
 */
const LOOK_AFTER_MS = 1500;
const ANNOUNCE_AFTER_MS = 20_000;
/** With so many the DHT is not asked for more. Chosen. */
const ENOUGH_NEIGHBOURS = 4;
/** While there are others to call the DHT, too, is left in peace; but not for ever, they may be lies. */
const LOOK_ANYWAY_MS = 15_000;
/** What a manifest is put together from puts the end off to so many timeouts at most. Chosen. */
const MOST_UNVERIFIED_TIMEOUTS = 10;
/** Nothing for so long is worth a word. Chosen. */
const STALLED_MS = 10_000;

/** The peer, as far as a download needs it. */
export interface DownloadHost {
  readonly node: Node;
  readonly discovery: Discovery;
  readonly emit: Emit;
  readonly link: Link;
  readonly manifests: KeptManifests;
  readonly packed: PackedManifests;
  hold(cid: CID, store: PieceStore, dag: HeldDag, hooks: Partial<SwarmHooks>): Share;
  announce(cid: CID, afterMs: number): void;
}

export interface DownloadOptions {
  /** A directory; made when it does not exist. */
  out: string;
  /** Replace what has that name already and is something else. */
  force: boolean;
  /** Give up after so long without a new piece; Infinity for never. */
  timeoutMs: number;
  signal: AbortSignal;
}

export class Download {
  readonly #host: DownloadHost;
  readonly #cid: CID;
  readonly #options: DownloadOptions;
  readonly #abort = new AbortController();
  readonly #startedAt = performance.now();
  readonly #complete = Promise.withResolvers<void>();
  #name: string;
  #total = 0;
  #verifiedBytes = 0;
  #toldBytes = 0;
  #progressAt = performance.now();
  #warned = false;
  #lack: Lack | undefined;

  constructor(host: DownloadHost, cid: CID, options: DownloadOptions) {
    this.#host = host;
    this.#cid = cid;
    this.#options = options;
    this.#name = cid.toString();
    const { signal } = options;
    const abort = guarded('giving up a download', () => this.#abort.abort(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) this.#abort.abort(signal.reason);
  }

  /**
   * Resolves to the path once the content is whole and under its name.
   *
   * @throws HubswarmError ERR_TIMEOUT, ERR_MANIFEST, ERR_EXISTS, ERR_DISK_FULL ...
   */
  async run(): Promise<string> {
    const look = guarded('watching a download', () => this.#watch());
    const watch = setInterval(look, PROGRESS_MS);
    try {
      return await this.#fetch(await this.#find());
    } catch (error) {
      const reason = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      this.#fail(reason);
      throw reason;
    } finally {
      clearInterval(watch);
      this.#abort.abort();
    }
  }

  async #find(): Promise<FetchedManifest> {
    const kept = await this.#host.manifests.find(this.#cid, this.#options.out);
    const found = kept ?? (await this.#search());
    this.#host.emit({
      event: 'manifest_found',
      cid: this.#cid.toString(),
      name: found.name,
      pieces: found.manifest.geometry.pieceCount,
      kept: kept !== undefined,
      ms: performance.now() - this.#startedAt,
    });
    return found;
  }

  #search(): Promise<FetchedManifest> {
    const { packed, link } = this.#host;
    const { signal } = this.#abort;
    return searchManifest(this.#host, this.#cid, signal, {
      link,
      fetchPacked: (answer, until) => packed.fetch(answer, until, () => this.#noteUnverified()),
    });
  }

  async #fetch(found: FetchedManifest): Promise<string> {
    const { manifest, dag, rawRoot, name } = found;
    const { signal } = this.#abort;
    this.#name = name;
    this.#total = manifest.geometry.totalLength;
    await makeDirectory(this.#options.out);
    const store = await FileStore.download(manifest, join(this.#options.out, name), {
      overwrite: this.#options.force,
      signal,
    });
    const wasWhole = store.isPublished;
    let share: Share;
    try {
      await this.#keep(found, wasWhole);
      this.#begin(manifest, store);
      // A root that is a leaf came with its manifest.
      if (rawRoot && !store.have.isFull && (await store.write(0, [rawRoot])))
        this.#count(rawRoot.length);
      share = this.#host.hold(
        this.#cid,
        store,
        { name, dag, rawRoot: rawRootOf(rawRoot ?? new Uint8Array()) },
        {
          onPieceStored: (piece) => this.#count(manifest.geometry.length(piece)),
          onCompleted: () => this.#complete.resolve(),
          onFailed: (error) => this.#abort.abort(error),
        },
      );
    } catch (error) {
      await store.close();
      throw error;
    }
    this.#host.announce(this.#cid, ANNOUNCE_AFTER_MS);
    this.#lack = new Lack(share.swarm.session, this.#cid, this.#host.emit);
    unawaited('finding peers', this.#findPeers(share));
    if (!store.have.isFull) await abortable(this.#complete.promise, signal);
    // They may all have come since the last look.
    this.#lack.look(0);
    const path = (await store.publish()) ?? name;
    if (!wasWhole) await this.#removeBeside(found);
    this.#finish(path, wasWhole);
    return path;
  }

  /** On disk before the first piece is. Without it only a start with nobody there is worse off. */
  async #keep(found: FetchedManifest, isWhole: boolean): Promise<void> {
    const { manifests, emit } = this.#host;
    const warn = (error: unknown): void =>
      emit({ event: 'warned', message: `the manifest is not kept: ${describeError(error)}` });
    await manifests.keep(found).catch(warn);
    if (isWhole) await this.#removeBeside(found);
    else await manifests.keepBeside(found, this.#options.out).catch(warn);
  }

  /** The content is whole: what stays beside it is worth a word, and no failure. */
  async #removeBeside(found: FetchedManifest): Promise<void> {
    const { manifests, emit } = this.#host;
    try {
      await manifests.removeBeside(found, this.#options.out);
    } catch (error) {
      const message = `the manifest beside it is not removed: ${describeError(error)}`;
      emit({ event: 'warned', message });
    }
  }

  #begin(manifest: Manifest, store: FileStore): void {
    for (const piece of store.have) this.#verifiedBytes += manifest.geometry.length(piece);
    this.#toldBytes = this.#verifiedBytes;
    this.#progressAt = performance.now();
    this.#host.emit({
      event: 'transfer_started',
      cid: this.#cid.toString(),
      name: this.#name,
      bytes: this.#total,
      pieces: manifest.geometry.pieceCount,
      resumedBytes: this.#verifiedBytes,
      verified: true,
    });
  }

  /** While neighbours are few, whoever the DHT names is called. */
  async #findPeers(share: Share): Promise<void> {
    const { signal } = this.#abort;
    const { session } = share.swarm;
    let lookedAt = performance.now();
    try {
      while (!signal.aborted) {
        await delay(LOOK_AFTER_MS, undefined, { signal });
        if (session.neighbourCount >= ENOUGH_NEIGHBOURS) continue;
        const idleMs = performance.now() - lookedAt;
        if (share.contacts.hasMore && session.neighbourCount > 0 && idleMs < LOOK_ANYWAY_MS)
          continue;
        lookedAt = performance.now();
        for await (const found of this.#host.discovery.findProviders(this.#cid, signal)) {
          const { peerId, multiaddrs } = found;
          share.contacts.add(peerId.toString(), multiaddrs.length > 0 ? multiaddrs : peerId);
          if (session.neighbourCount >= ENOUGH_NEIGHBOURS) break;
        }
      }
    } catch (error) {
      if (!signal.aborted) this.#host.emit({ event: 'warned', message: describeError(error) });
    }
  }

  #count(bytes: number): void {
    this.#verifiedBytes += bytes;
    this.#noteProgress();
  }

  /** Pieces of a packed manifest may be junk, which shows when the last is here. */
  #noteUnverified(): void {
    const ms = performance.now() - this.#startedAt;
    if (ms < MOST_UNVERIFIED_TIMEOUTS * this.#options.timeoutMs) this.#noteProgress();
  }

  #noteProgress(): void {
    this.#progressAt = performance.now();
    this.#warned = false;
  }

  #watch(): void {
    this.#tellProgress();
    const idleMs = performance.now() - this.#progressAt;
    this.#lack?.look(idleMs);
    if (idleMs >= this.#options.timeoutMs) {
      const message = `gave up after ${Math.round(idleMs / 1000)} s without a new piece: ${this.#waitsFor}`;
      this.#abort.abort(new HubswarmError('ERR_TIMEOUT', message));
    } else if (idleMs >= STALLED_MS && !this.#warned && !this.#lack?.isLacking) {
      this.#warned = true;
      this.#host.emit({ event: 'warned', message: `waiting: ${this.#waitsFor}` });
    }
  }

  get #waitsFor(): string {
    return this.#lack?.describe() ?? `nobody found who knows ${this.#cid}`;
  }

  #tellProgress(): void {
    if (this.#verifiedBytes === this.#toldBytes) return;
    this.#toldBytes = this.#verifiedBytes;
    this.#host.emit({
      event: 'transfer_progressed',
      name: this.#name,
      bytes: this.#verifiedBytes,
      total: this.#total,
    });
  }

  #finish(path: string, wasWhole: boolean): void {
    this.#tellProgress();
    this.#host.emit({
      event: 'transfer_completed',
      cid: this.#cid.toString(),
      name: this.#name,
      path,
      bytes: this.#total,
      ms: performance.now() - this.#startedAt,
      ...(wasWhole ? { found: true } : {}),
    });
  }

  #fail(error: unknown): void {
    const code = error instanceof HubswarmError ? error.code : 'ERR_REMOTE';
    const message = describeError(error);
    this.#host.emit({ event: 'transfer_failed', code, message, name: this.#name });
  }
}

/** The promise, or the signal's reason as soon as it aborts. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = guarded('giving up a download', () => aborted.reject(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
