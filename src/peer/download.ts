// Fetches one file: finds out what it is, opens (or resumes) the partial file,
// takes part in the swarm until every piece is here, and publishes it. Pieces that
// are here are served from the first one on.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { FileStore } from '../content/file-store.ts';
import type { Manifest } from '../content/manifest.ts';
import { describeError, fileError, HubswarmError } from '../runtime/errors.ts';
import type { FetchedManifest } from './dag-protocol.ts';
import { searchManifest } from './manifest-search.ts';
import type { Peer, Share } from './peer.ts';

/** How often progress is told, and time without any is looked at. */
const PROGRESS_MS = 100;
/** Nothing for so long is worth a word. Chosen. */
const STALLED_MS = 10_000;

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
  readonly #peer: Peer;
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
  #share: Share | undefined;

  constructor(peer: Peer, cid: CID, options: DownloadOptions) {
    this.#peer = peer;
    this.#cid = cid;
    this.#options = options;
    this.#name = cid.toString();
    const { signal } = options;
    signal.addEventListener('abort', () => this.#abort.abort(signal.reason), { once: true });
    if (signal.aborted) this.#abort.abort(signal.reason);
  }

  /**
   * Resolves to the path once the content is whole and under its name.
   *
   * @throws HubswarmError ERR_TIMEOUT, ERR_MANIFEST, ERR_EXISTS, ERR_DISK_FULL ...
   */
  async run(): Promise<string> {
    const watch = setInterval(() => this.#watch(), PROGRESS_MS);
    try {
      const found = await searchManifest(this.#peer, this.#cid, this.#abort.signal);
      return await this.#fetch(found);
    } catch (error) {
      const reason = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      this.#fail(reason);
      throw reason;
    } finally {
      clearInterval(watch);
      this.#abort.abort();
    }
  }

  async #fetch(found: FetchedManifest): Promise<string> {
    const { manifest, dag, rawRoot, name } = found;
    const { signal } = this.#abort;
    this.#name = name;
    this.#total = manifest.geometry.totalLength;
    await mkdir(this.#options.out, { recursive: true }).catch((error: unknown) => {
      throw fileError(error, this.#options.out);
    });
    const store = await FileStore.download(manifest, join(this.#options.out, name), {
      overwrite: this.#options.force,
      signal,
    });
    try {
      if (rawRoot && manifest.geometry.pieceCount === 1) await store.write(0, [rawRoot]);
      this.#begin(manifest, store);
      this.#share = this.#peer.hold(
        this.#cid,
        store,
        { name, dag, rawRoot: () => Promise.resolve(rawRoot ?? new Uint8Array()) },
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
    this.#peer.announce(this.#cid);
    void this.#findPeers();
    if (!store.have.isFull) await abortable(this.#complete.promise, signal);
    const path = (await store.publish()) ?? name;
    this.#finish(path);
    return path;
  }

  #begin(manifest: Manifest, store: FileStore): void {
    for (const piece of store.have) this.#verifiedBytes += manifest.geometry.length(piece);
    this.#toldBytes = this.#verifiedBytes;
    this.#progressAt = performance.now();
    this.#peer.emit({
      event: 'transfer_started',
      cid: this.#cid.toString(),
      name: this.#name,
      bytes: this.#total,
      pieces: manifest.geometry.pieceCount,
      resumedBytes: this.#verifiedBytes,
      verified: true,
    });
  }

  /** Whoever the DHT names is called, for as long as pieces are missing. */
  async #findPeers(): Promise<void> {
    const { signal } = this.#abort;
    try {
      for await (const found of this.#peer.discovery.findProviders(this.#cid, signal)) {
        const { peerId, multiaddrs } = found;
        this.#share?.contacts.add(peerId.toString(), multiaddrs.length > 0 ? multiaddrs : peerId);
      }
    } catch (error) {
      if (!signal.aborted) this.#peer.emit({ event: 'warned', message: describeError(error) });
    }
  }

  #count(bytes: number): void {
    this.#verifiedBytes += bytes;
    this.#progressAt = performance.now();
    this.#warned = false;
  }

  #watch(): void {
    this.#tellProgress();
    const idleMs = performance.now() - this.#progressAt;
    if (idleMs >= this.#options.timeoutMs) {
      const message = `gave up after ${Math.round(idleMs / 1000)} s without a new piece: ${this.#lack()}`;
      this.#abort.abort(new HubswarmError('ERR_TIMEOUT', message));
    } else if (idleMs >= STALLED_MS && !this.#warned) {
      this.#warned = true;
      this.#peer.emit({ event: 'warned', message: `waiting: ${this.#lack()}` });
    }
  }

  /** What the download waits for. */
  #lack(): string {
    const session = this.#share?.swarm.session;
    if (!session) return `nobody found who knows ${this.#cid}`;
    const missing = session.have.length - session.have.count;
    if (session.neighbourCount === 0)
      return `${missing} pieces missing, and no peer to get them from`;
    const unavailable = session.unavailablePieces;
    return unavailable > 0
      ? `${unavailable} of ${missing} missing pieces are with none of the ${session.neighbourCount} peers connected`
      : `${missing} pieces missing, and no peer is sending`;
  }

  #tellProgress(): void {
    if (this.#verifiedBytes === this.#toldBytes) return;
    this.#toldBytes = this.#verifiedBytes;
    this.#peer.emit({
      event: 'transfer_progressed',
      name: this.#name,
      bytes: this.#verifiedBytes,
      total: this.#total,
    });
  }

  #finish(path: string): void {
    this.#tellProgress();
    this.#peer.emit({
      event: 'transfer_completed',
      cid: this.#cid.toString(),
      name: this.#name,
      path,
      bytes: this.#total,
      ms: performance.now() - this.#startedAt,
    });
  }

  #fail(error: unknown): void {
    const code = error instanceof HubswarmError ? error.code : 'ERR_REMOTE';
    const message = describeError(error);
    this.#peer.emit({ event: 'transfer_failed', code, message, name: this.#name });
  }
}

/** The promise, or the signal's reason as soon as it aborts. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
