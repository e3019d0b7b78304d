// A wire whose other end is a web server: it answers the session's messages as a peer that has every
// piece (exchange/plain-giver.ts), and gets the bytes by GET over few kept connections. What is
// requested meanwhile goes together as one range. The session decides which pieces it wants from
// here (exchange/web-seeds.ts), verifies them as any other, and bounds what is under way: so memory
// is bounded, and the downlink's pace holds.

import type { HttpClient } from '../../client/http/http-client.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import type { Geometry } from '../../content/geometry.ts';
import type { WebSeed } from '../../exchange/neighbour/web-seed.ts';
import { PlainGiver } from '../../exchange/plain-giver.ts';
import { encodeMessage, FrameDecoder } from '../../exchange/wire/codec.ts';
import type { Message } from '../../exchange/wire/message.ts';
import { describeError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import type { Wire } from '../../swarm/wire.ts';
import { fetchRun } from './fetch-run.ts';
import type { PiecePlaces, PieceRun } from './piece-places.ts';

/** Requests at once: while one is answered, the next is on its way. Chosen. */
const MOST_REQUESTS = 2;
/** Bytes of pieces that may be granted at once, and the least number of pieces. Chosen. */
const GRANTED_BYTES = 4 * 2 ** 20;
const LEAST_GRANTS = 2;

export interface HttpWireInit {
  readonly http: HttpClient;
  readonly places: PiecePlaces;
  readonly geometry: Geometry;
  /** The root CID's bytes. */
  readonly file: Uint8Array;
  readonly webSeed: WebSeed;
}

interface Fetching extends PieceRun {
  readonly over: AbortController;
  /** Pieces of it that are still to come, and wanted. */
  readonly wanted: Set<number>;
}

export class HttpWire implements Wire {
  readonly remote: string;
  readonly webSeed: WebSeed;
  readonly congested = false;
  /** Why the server could not go on; undefined if it did not end this. */
  failure: SourceFailure | undefined;
  /** Whether the swarm wants nothing more of it. */
  isBanned = false;
  /** Whether a piece came whole. */
  hasGiven = false;
  readonly #init: HttpWireInit;
  readonly #giver: PlainGiver;
  readonly #decoder = new FrameDecoder();
  /** Requested pieces that no request asks for yet, in the order of their requests. */
  readonly #waiting = new Set<number>();
  readonly #fetching = new Set<Fetching>();
  readonly #onEnd: ((reason: string) => void)[] = [];
  #handler: ((chunk: Uint8Array) => void) | undefined;
  #end: string | undefined;

  constructor(init: HttpWireInit) {
    this.#init = init;
    this.remote = init.places.name;
    this.webSeed = init.webSeed;
    const { file, geometry } = init;
    this.#giver = new PlainGiver({
      file,
      pieceCount: geometry.pieceCount,
      most: Math.max(LEAST_GRANTS, Math.floor(GRANTED_BYTES / geometry.maxLength)),
      say: (message) => this.#say(message),
      onRequest: (piece) => this.#waiting.add(piece),
      onCancel: (piece) => this.#cancel(piece),
    });
  }

  onData(handler: (chunk: Uint8Array) => void): void {
    this.#handler = handler;
  }

  onEnd(handler: (reason: string) => void): void {
    this.#onEnd.push(handler);
    if (this.#end !== undefined) this.#tellEnd();
  }

  /** The parts are read at once. */
  send(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      for (const message of this.#decoder.push(part).messages) this.#giver.handle(message);
    }
    this.#fetch();
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(reason = 'closed'): void {
    this.#finish(reason);
  }

  abort(reason: string): void {
    this.isBanned = true;
    this.#finish(reason);
  }

  #say(message: Message): void {
    for (const part of encodeMessage(message)) if (this.#end === undefined) this.#handler?.(part);
  }

  #fetch(): void {
    while (this.#end === undefined && this.#fetching.size < MOST_REQUESTS) {
      const run = this.#takeRun();
      if (!run) return;
      this.#fetching.add(run);
      unawaited('fetching from a server', this.#fetchRun(run));
    }
  }

  /** The piece that waits longest, and those behind it that wait too. */
  #takeRun(): Fetching | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const wanted = new Set<number>();
    const { longestRun } = this.#init.places;
    for (let piece = first; wanted.size < longestRun && this.#waiting.delete(piece); piece++) {
      wanted.add(piece);
    }
    return { first, count: wanted.size, wanted, over: new AbortController() };
  }

  async #fetchRun(run: Fetching): Promise<void> {
    try {
      const { signal } = run.over;
      await fetchRun({
        ...this.#init,
        run,
        signal,
        onBlock: (piece, begin, bytes) => {
          if (!run.wanted.has(piece)) return;
          if (begin + bytes.length === this.#init.geometry.length(piece)) {
            run.wanted.delete(piece);
            this.hasGiven = true;
          }
          this.#say({ type: 'block', piece, begin, parts: [bytes], length: bytes.length });
        },
      });
    } catch (error) {
      if (!run.over.signal.aborted) this.#fail(error);
    } finally {
      this.#fetching.delete(run);
      this.#fetch();
    }
  }

  #cancel(piece: number): void {
    this.#waiting.delete(piece);
    for (const { wanted, over } of this.#fetching) {
      if (wanted.delete(piece) && wanted.size === 0) over.abort();
    }
  }

  #fail(error: unknown): void {
    if (this.#end !== undefined) return;
    if (error instanceof SourceFailure) this.failure = error;
    this.#finish(describeError(error));
  }

  #finish(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#waiting.clear();
    for (const { over } of this.#fetching) over.abort();
    this.#tellEnd();
  }

  #tellEnd(): void {
    const end = this.#end!;
    for (const tell of this.#onEnd.splice(0)) {
      queueMicrotask(guarded('telling the end of a wire', () => tell(end)));
    }
  }
}
