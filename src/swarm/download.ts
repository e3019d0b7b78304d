// Fetches one file: has its peer find out what it is and open its store, takes part in
// the swarm until every piece is here, and publishes it. Tells of progress, of what is
// lacking, and gives up when nothing comes any more.
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../content/manifest.ts';
import type { PieceStore } from '../content/store.ts';
import type { Timers } from '../runtime/clock.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import type { Emit } from '../telemetry/event.ts';
import { Lack } from './lack.ts';
import type { Swarm, SwarmHooks } from './swarm.ts';

/** How often progress is told, and time without any is looked at. */
const PROGRESS_MS = 100;
/**
 * The first seconds belong to the neighbours, who name each other: walks of the DHT
 * by everybody at once took more CPU than a short transfer. A peer that is alone
 * asks it soon.
 */
const LOOK_AFTER_MS = 1500;
/** With so many the DHT is not asked for more. Chosen. */
const ENOUGH_NEIGHBOURS = 4;
/** While there are others to call the DHT, too, is left in peace; but not for ever, they may be lies. */
const LOOK_ANYWAY_MS = 15_000;
/** What a manifest is put together from puts the end off to so many timeouts at most. Chosen. */
const MOST_UNVERIFIED_TIMEOUTS = 10;
/** Nothing for so long is worth a word. Chosen. */
const STALLED_MS = 10_000;

/** What was found out of a file. */
export interface Found {
  readonly name: string;
  readonly manifest: Manifest;
  /** The whole content, when it is one piece that came with the manifest. */
  readonly rawRoot?: Uint8Array;
  /** Known from an earlier run. */
  readonly kept: boolean;
}

/** Where a download's pieces go. */
export interface DownloadStore extends PieceStore {
  /** The content lies whole under its name already. */
  readonly isPublished: boolean;
}

/** Somebody who may have the file, as Contacts.add takes it. */
export interface Provider {
  readonly peer: string;
  readonly addresses: readonly string[];
}

/** What a download asks of its peer. */
export interface DownloadHost<F extends Found> {
  readonly clock: Timers;
  readonly emit: Emit;
  /** @param onUnverified something came that shows only later whether it is true */
  find(signal: AbortSignal, onUnverified: () => void): Promise<F>;
  /** Opens the store, or resumes it. */
  open(found: F, signal: AbortSignal): Promise<DownloadStore>;
  /** Takes part in the file's swarm. */
  join(found: F, store: DownloadStore, hooks: SwarmHooks): Swarm;
  /** Peers that may have the file, one after the other, until the signal aborts. */
  findProviders(signal: AbortSignal): AsyncIterable<Provider>;
  /** The content is whole under its name. */
  handlePublished(found: F): Promise<void>;
}

export interface Patience {
  /** Give up after so long without a new piece; Infinity for never. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class Download<F extends Found> {
  readonly #host: DownloadHost<F>;
  readonly #cid: CID;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  readonly #complete = Promise.withResolvers<void>();
  #name: string;
  #total = 0;
  #verifiedBytes = 0;
  #toldBytes = 0;
  #progressAt: number;
  #warned = false;
  #lack: Lack | undefined;

  constructor(host: DownloadHost<F>, cid: CID, { timeoutMs, signal }: Patience) {
    this.#host = host;
    this.#cid = cid;
    this.#timeoutMs = timeoutMs;
    this.#name = cid.toString();
    this.#startedAt = host.clock.now();
    this.#progressAt = this.#startedAt;
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
    const { clock } = this.#host;
    const cancel = clock.every(PROGRESS_MS, 'watching a download', () => this.#watch());
    try {
      return await this.#fetch(await this.#find());
    } catch (error) {
      const reason = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      this.#fail(reason);
      throw reason;
    } finally {
      cancel();
      this.#abort.abort();
    }
  }

  async #find(): Promise<F> {
    const found = await this.#host.find(this.#abort.signal, () => this.#noteUnverified());
    this.#host.emit({
      event: 'manifest_found',
      cid: this.#cid.toString(),
      name: found.name,
      pieces: found.manifest.geometry.pieceCount,
      kept: found.kept,
      ms: this.#elapsedMs,
    });
    return found;
  }

  async #fetch(found: F): Promise<string> {
    const { manifest, name } = found;
    const { signal } = this.#abort;
    this.#name = name;
    this.#total = manifest.geometry.totalLength;
    const store = await this.#host.open(found, signal);
    const wasWhole = store.isPublished;
    const swarm = await this.#join(found, store);
    this.#lack = new Lack(swarm.view, this.#cid, this.#host.emit);
    unawaited('finding peers', this.#findPeers(swarm));
    if (!store.have.isFull) await abortable(this.#complete.promise, signal);
    // They may all have come since the last look.
    this.#lack.look(0);
    const path = (await store.publish()) ?? name;
    if (!wasWhole) await this.#host.handlePublished(found);
    this.#finish(path, wasWhole);
    return path;
  }

  async #join(found: F, store: DownloadStore): Promise<Swarm> {
    const { manifest, rawRoot } = found;
    try {
      this.#begin(manifest, store);
      if (rawRoot && !store.have.isFull && (await store.write(0, [rawRoot])))
        this.#count(rawRoot.length);
      return this.#host.join(found, store, {
        onPieceStored: (piece) => this.#count(manifest.geometry.length(piece)),
        onCompleted: () => this.#complete.resolve(),
        onFailed: (error) => this.#abort.abort(error),
      });
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  #begin({ geometry }: Manifest, store: PieceStore): void {
    for (const piece of store.have) this.#verifiedBytes += geometry.length(piece);
    this.#toldBytes = this.#verifiedBytes;
    this.#progressAt = this.#host.clock.now();
    this.#host.emit({
      event: 'transfer_started',
      cid: this.#cid.toString(),
      name: this.#name,
      bytes: this.#total,
      pieces: geometry.pieceCount,
      resumedBytes: this.#verifiedBytes,
      verified: true,
    });
  }

  /** While neighbours are few, whoever the DHT names is called. */
  async #findPeers({ view, contacts }: Swarm): Promise<void> {
    const { clock, emit } = this.#host;
    const { signal } = this.#abort;
    let lookedAt = clock.now();
    try {
      while (!signal.aborted) {
        await clock.sleep(LOOK_AFTER_MS, signal);
        if (view.neighbourCount >= ENOUGH_NEIGHBOURS) continue;
        const idleMs = clock.now() - lookedAt;
        if (contacts.hasMore && view.neighbourCount > 0 && idleMs < LOOK_ANYWAY_MS) continue;
        lookedAt = clock.now();
        for await (const { peer, addresses } of this.#host.findProviders(signal)) {
          contacts.add(peer, addresses);
          if (view.neighbourCount >= ENOUGH_NEIGHBOURS) break;
        }
      }
    } catch (error) {
      if (!signal.aborted) emit({ event: 'warned', message: describeError(error) });
    }
  }

  get #elapsedMs(): number {
    return this.#host.clock.now() - this.#startedAt;
  }

  #count(bytes: number): void {
    this.#verifiedBytes += bytes;
    this.#noteProgress();
  }

  /** Pieces of a packed manifest may be junk, which shows when the last is here. */
  #noteUnverified(): void {
    if (this.#elapsedMs < MOST_UNVERIFIED_TIMEOUTS * this.#timeoutMs) this.#noteProgress();
  }

  #noteProgress(): void {
    this.#progressAt = this.#host.clock.now();
    this.#warned = false;
  }

  #watch(): void {
    this.#tellProgress();
    const idleMs = this.#host.clock.now() - this.#progressAt;
    this.#lack?.look(idleMs);
    if (idleMs >= this.#timeoutMs) {
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
      ms: this.#elapsedMs,
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
