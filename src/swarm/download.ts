// Fetches one file: its peer finds the manifest and opens the store; the download takes part in the
// swarm until every piece is here, and publishes the file. It reports progress and missing pieces,
// and gives up if no piece comes for too long.
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../content/manifest.ts';
import type { PieceStore } from '../content/store.ts';
import { abortable } from '../runtime/abortable.ts';
import type { Timers } from '../runtime/clock.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import type { Emit } from '../telemetry/event.ts';
import { Lack } from './lack.ts';
import type { Swarm } from './swarm.ts';
import type { SwarmHooks } from './swarm-host.ts';

/** Time between two reports of progress, and between two checks of the timeout. */
const PROGRESS_MS = 100;
/**
 * Time before the DHT is asked. First the neighbours name each other: walks of the DHT by all peers
 * at once took more CPU than a short transfer. A peer that is alone asks soon.
 */
const LOOK_AFTER_MS = 1500;
/** Neighbours from which on the DHT is not asked for more. Chosen. */
const ENOUGH_NEIGHBOURS = 4;
/** Time after which the DHT is asked although there are candidates to call: these may be lies. */
const LOOK_ANYWAY_MS = 15_000;
/** Most timeouts by which unverified parts of a manifest may delay the end. Chosen. */
const MOST_UNVERIFIED_TIMEOUTS = 10;
/** Time without a piece after which it is reported. Chosen. */
const STALLED_MS = 10_000;

/** What was found out about a file. */
export interface Found {
  readonly name: string;
  readonly manifest: Manifest;
  /** The whole content, if it is one piece that came with the manifest. */
  readonly rawRoot?: Uint8Array;
  /** Whether it is known from an earlier run. */
  readonly kept: boolean;
}

/** The store of a download's pieces. */
export interface DownloadStore extends PieceStore {
  /** Whether the complete content has its name already. */
  readonly isPublished: boolean;
}

/** A peer that may have the file, as Contacts.add takes it. */
export interface Provider {
  readonly peer: string;
  readonly addresses: readonly string[];
}

/** The parts of a peer that a download needs. */
export interface DownloadHost<F extends Found> {
  readonly clock: Timers;
  readonly emit: Emit;
  /**
   * @param onUnverified called for bytes that can be verified only later
   * @param onLost called for each peer that had the content and lost it: which one, and why
   */
  find(
    signal: AbortSignal,
    onUnverified: () => void,
    onLost: (message: string) => void,
  ): Promise<F>;
  /** Opens the store, or resumes a partial one. */
  open(found: F, signal: AbortSignal): Promise<DownloadStore>;
  /** Takes part in the file's swarm. */
  join(found: F, store: DownloadStore, hooks: SwarmHooks): Swarm;
  /** Yields peers that may have the file, until the signal aborts. */
  findProviders(signal: AbortSignal): AsyncIterable<Provider>;
  /** Called when the complete content has its name. */
  handlePublished(found: F): Promise<void>;
}

export interface Patience {
  /** Milliseconds without a new piece after which the download gives up; Infinity for never. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class Download<F extends Found> {
  readonly #host: DownloadHost<F>;
  #cid: CID;
  readonly #timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  readonly #complete = Promise.withResolvers<void>();
  #name: string;
  #total = 0;
  #verifiedBytes = 0;
  /** Of pieces copied from equal ones. */
  readonly #copied = { pieces: 0, bytes: 0 };
  #toldBytes = 0;
  #progressAt: number;
  #warned = false;
  #lack: Lack | undefined;
  /** Who had it last, before anybody was found who has it. */
  #lost: string | undefined;
  /** What this peer does with its disk, and nothing else, at the moment. */
  #diskWork: string | undefined;

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

  /** The CID of what is fetched: the one that was given, or that of a part of it, once found. */
  get cid(): CID {
    return this.#cid;
  }

  /**
   * Resolves to the path once the complete content has its name.
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
    const found = await this.#host.find(
      this.#abort.signal,
      () => this.#noteUnverified(),
      (message) => this.#noteLost(message),
    );
    this.#cid = found.manifest.root;
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
    const store = await this.#onDisk('checks what is here already', this.#host.open(found, signal));
    const wasWhole = store.isPublished;
    const swarm = await this.#join(found, store);
    this.#lack = new Lack(swarm.view, this.#cid, this.#host.emit);
    unawaited('finding peers', this.#findPeers(swarm));
    if (!store.have.isFull) await abortable(this.#complete.promise, signal);
    // All pieces may have come since the last look.
    this.#lack.look(0);
    const path = (await this.#onDisk('makes it safe on the disk', store.publish())) ?? name;
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
        onPieceCopied: (piece) => this.#countCopy(manifest.geometry.length(piece)),
        onCompleted: () => this.#complete.resolve(),
        onWithdrawn: (paths, reason) =>
          this.#lack?.noteWithdrawn(paths.length > 0 ? paths : [this.#name], reason),
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

  /** Calls the peers that the DHT names while neighbours are few. */
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

  #countCopy(bytes: number): void {
    this.#copied.pieces++;
    this.#copied.bytes += bytes;
    this.#count(bytes);
  }

  /** Notes pieces of a packed manifest, which can be verified only when the last one is here. */
  #noteUnverified(): void {
    if (this.#elapsedMs < MOST_UNVERIFIED_TIMEOUTS * this.#timeoutMs) this.#noteProgress();
  }

  #noteLost(message: string): void {
    this.#lost = message;
    this.#host.emit({ event: 'warned', message });
  }

  #noteProgress(): void {
    this.#progressAt = this.#host.clock.now();
    this.#warned = false;
  }

  /** Awaits work on the disk alone: meanwhile no peer is waited for, and no limit runs. */
  async #onDisk<T>(what: string, work: Promise<T>): Promise<T> {
    this.#noteProgress();
    this.#diskWork = what;
    try {
      return await work;
    } finally {
      this.#diskWork = undefined;
      this.#noteProgress();
    }
  }

  #watch(): void {
    this.#tellProgress();
    const idleMs = this.#host.clock.now() - this.#progressAt;
    if (this.#diskWork !== undefined) return this.#watchDisk(idleMs);
    this.#lack?.look(idleMs);
    if (idleMs >= this.#timeoutMs) {
      const message = `gave up after ${Math.round(idleMs / 1000)} s without a new piece: ${this.#waitsFor}`;
      this.#abort.abort(new HubswarmError('ERR_TIMEOUT', message));
    } else if (idleMs >= STALLED_MS && !this.#warned && !this.#lack?.isLacking) {
      this.#warned = true;
      this.#host.emit({ event: 'warned', message: `waiting: ${this.#waitsFor}` });
    }
  }

  #watchDisk(idleMs: number): void {
    if (idleMs < STALLED_MS || this.#warned) return;
    this.#warned = true;
    const message = `no peer is waited for: this one ${this.#diskWork}`;
    this.#host.emit({ event: 'warned', message });
  }

  get #waitsFor(): string {
    return this.#lack?.describe() ?? this.#lost ?? `nobody found who knows ${this.#cid}`;
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
    const facts = { cid: this.#cid.toString(), name: this.#name };
    if (this.#copied.pieces > 0) {
      this.#host.emit({ event: 'pieces_reused', ...facts, ...this.#copied, paths: [] });
    }
    this.#host.emit({
      event: 'transfer_completed',
      ...facts,
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
