// Fetches a file from the origin into the cache, for all its readers at once. Pieces are fetched in
// runs of a few mebibytes over two connections: first the pieces that readers wait for, in the
// order of their requests, then the others in order. It goes on only while there is a reader.
// Pieces that came stay, and the next reader goes on from there. A piece counts once its hash
// matches the manifest.
import { Assembler } from '../client/download/assembler.ts';
import { PieceWrites } from '../client/download/piece-writes.ts';
import { namedCid } from '../client/http/names-cid.ts';
import { SourceFailure } from '../client/http/source-failure.ts';
import { Patience, tryMirrors } from '../client/mirrors/fail-over.ts';
import { openRange } from '../client/mirrors/fetch-range.ts';
import { Mirrors } from '../client/mirrors/mirrors.ts';
import { paced } from '../client/mirrors/paced.ts';
import { Bitfield } from '../content/bitfield.ts';
import type { FileStore } from '../disk/file-store.ts';
import { systemClock } from '../runtime/clock.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import { createRng } from '../runtime/rng.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Origin } from './origin.ts';
import { pickRun, type Run } from './pick-run.ts';

/** Connections to the origin: two hide the round trip between runs. Chosen. */
const LANES = 2;

export interface FillOptions {
  readonly store: FileStore;
  readonly origin: Origin;
  readonly emit: Emit;
  /** Milliseconds for which the origin may send nothing. */
  readonly patienceMs: number;
  /** Called once when every piece is here; must not throw. */
  readonly onWhole: () => Promise<void>;
}

interface Waiter {
  readonly piece: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Fill {
  readonly #options: FillOptions;
  readonly #store: FileStore;
  /** Pieces that a lane is fetching. */
  readonly #claimed: Bitfield;
  /** Waiting readers, in the order of their requests. */
  readonly #waiters = new Set<Waiter>();
  #readers = 0;
  #running: Promise<void> | undefined;
  #stopping = new AbortController();

  constructor(options: FillOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#claimed = new Bitfield(options.store.have.length);
  }

  /** Adds a reader, which must leave(). Nothing is fetched before it needs a piece. */
  enter(): void {
    this.#readers++;
  }

  leave(): void {
    this.#readers--;
  }

  /**
   * Resolves when the piece is here.
   *
   * @throws the reason why it will not come, or the signal's reason
   */
  async need(piece: number, url: URL, signal: AbortSignal): Promise<void> {
    if (this.#store.have.has(piece)) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
      };
      const waiter: Waiter = {
        piece,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (reason) => {
          settle();
          reject(reason);
        },
      };
      const abort = guarded('leaving a fill', () => waiter.reject(signal.reason));
      signal.addEventListener('abort', abort);
      this.#waiters.add(waiter);
      this.#start(url);
    });
  }

  /** Ends running fetches; pieces that came are kept. */
  async stop(reason: unknown): Promise<void> {
    this.#stopping.abort(reason);
    await this.#running;
    for (const waiter of [...this.#waiters]) waiter.reject(reason);
  }

  #start(url: URL): void {
    if (this.#store.have.isFull || this.#stopping.signal.aborted) return;
    if (this.#running !== undefined) return;
    this.#running = this.#run(url).finally(() => {
      this.#running = undefined;
      // Starts again for readers that came at the last moment.
      if (this.#waiters.size > 0) this.#start(url);
    });
    unawaited('filling the cache', this.#running);
  }

  async #run(url: URL): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, failed.signal]);
    const lanes = Array.from({ length: LANES }, () =>
      this.#lane(url, signal).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
    const ended = await Promise.allSettled(lanes);
    if (this.#store.have.isFull) await this.#options.onWhole();
    if (ended.some(({ status }) => status === 'rejected'))
      for (const waiter of [...this.#waiters]) waiter.reject(failed.signal.reason);
  }

  async #lane(url: URL, signal: AbortSignal): Promise<void> {
    const { emit, patienceMs } = this.#options;
    const mirrors = new Mirrors([url], createRng(Math.floor(Math.random() * 2 ** 32)));
    const patience = new Patience(patienceMs, systemClock);
    const context = { mirrors, patience, emit, clock: systemClock, signal };
    for (let run = this.#next(); run; run = this.#next()) {
      const taken = run;
      try {
        await tryMirrors(context, (from) => this.#fetch(from, taken, signal));
        mirrors.handleSuccess(url);
        patience.restart();
      } finally {
        for (let piece = taken.first; piece < taken.end; piece++) this.#claimed.remove(piece);
      }
    }
  }

  #next(): Run | undefined {
    if (this.#readers === 0) return undefined;
    const wanted = [...this.#waiters].map(({ piece }) => piece);
    const run = pickRun(this.#store.manifest.geometry, this.#store.have, this.#claimed, wanted);
    for (let piece = run?.first ?? 0; run && piece < run.end; piece++) this.#claimed.add(piece);
    return run;
  }

  async #fetch(url: URL, run: Run, signal: AbortSignal): Promise<void> {
    const { http, link } = this.#options.origin;
    const { manifest, have } = this.#store;
    const { geometry } = manifest;
    let first = run.first;
    while (first < run.end && have.has(first)) first++;
    if (first === run.end) return;
    const begin = geometry.offset(first);
    const end = geometry.offset(run.end - 1) + geometry.length(run.end - 1);
    const response = await openRange(http, { url, first: begin, end, signal });
    const named = namedCid(response.headers);
    if (!named?.equals(manifest.root) || response.offset !== begin) {
      response.discard();
      throw new SourceFailure('has another version now', { final: true });
    }
    const queue = new PieceWrites();
    const assembler = new Assembler(
      {
        maxLength: geometry.maxLength,
        length: (piece) => (piece < run.end ? geometry.length(piece) : 0),
        handle: (piece, bytes) => queue.push(() => this.#keep(piece, bytes)),
      },
      first,
    );
    try {
      await response.pump(paced(link, signal, (chunk) => assembler.take(chunk)));
    } finally {
      await queue.drain();
    }
    if (assembler.index < run.end) throw new SourceFailure('ended before the last byte');
  }

  async #keep(piece: number, bytes: Uint8Array): Promise<void> {
    if (!(await this.#store.write(piece, [bytes]))) {
      throw new SourceFailure(`sent wrong bytes for piece ${piece}`, { final: true });
    }
    for (const waiter of [...this.#waiters]) if (waiter.piece === piece) waiter.resolve();
  }
}
