// Fetches a run of pieces by one request, and hands the bytes on as blocks while they come. A piece
// is read straight into memory of its own, which belongs to whoever takes the blocks.

import type { HttpClient } from '../../client/http/http-client.ts';
import { SourceFailure } from '../../client/http/source-failure.ts';
import { openRange } from '../../client/mirrors/fetch-range.ts';
import type { Geometry } from '../../content/geometry.ts';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import type { PiecePlaces, PieceRun } from './piece-places.ts';

/** Bytes handed on at once, unless a piece ends: less than the longest block of the exchange. */
const BLOCK_BYTES = 64 * 1024;

export interface RunFetch {
  readonly http: HttpClient;
  readonly places: PiecePlaces;
  readonly geometry: Geometry;
  readonly run: PieceRun;
  /** Called with the bytes of a piece in order; they are not touched afterwards. */
  readonly onBlock: (piece: number, begin: number, bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** @throws SourceFailure, after the blocks that came before; the signal's reason */
export async function fetchRun(fetch: RunFetch): Promise<void> {
  const { http, places, run, signal } = fetch;
  const response = await openRange(http, { ...places.place(run), signal });
  try {
    places.check(run, response);
  } catch (failure) {
    response.discard();
    throw failure;
  }
  const reader = new RunReader(fetch);
  await response.pump(
    (chunk) => reader.take(chunk),
    () => reader.room(),
  );
  if (!reader.isDone) throw new SourceFailure('ended before the last byte');
}

class RunReader {
  readonly #fetch: RunFetch;
  readonly #end: number;
  #piece: number;
  #bytes: Uint8Array | undefined;
  #filled = 0;
  #given = 0;

  constructor(fetch: RunFetch) {
    this.#fetch = fetch;
    this.#piece = fetch.run.first;
    this.#end = fetch.run.first + fetch.run.count;
  }

  get isDone(): boolean {
    return this.#piece === this.#end;
  }

  /** Memory for the next bytes. */
  room(): Uint8Array | undefined {
    if (this.isDone) return undefined;
    return this.#buffer().subarray(this.#filled, this.#given + BLOCK_BYTES);
  }

  take(chunk: Uint8Array): undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.isDone) throw new SourceFailure('sent more than was asked for', { final: true });
      const room = this.room()!;
      const part = chunk.subarray(at, at + room.length);
      if (part.buffer !== room.buffer || part.byteOffset !== room.byteOffset) room.set(part);
      at += part.length;
      this.#filled += part.length;
      this.#giveOn();
    }
  }

  #giveOn(): void {
    const bytes = this.#buffer();
    const isWhole = this.#filled === bytes.length;
    if (!isWhole && this.#filled - this.#given < BLOCK_BYTES) return;
    const begin = this.#given;
    this.#given = this.#filled;
    this.#fetch.onBlock(this.#piece, begin, bytes.subarray(begin, this.#filled));
    if (!isWhole) return;
    this.#piece++;
    this.#bytes = undefined;
    this.#filled = 0;
    this.#given = 0;
  }

  #buffer(): Uint8Array {
    this.#bytes ??= allocAligned(this.#fetch.geometry.length(this.#piece));
    return this.#bytes;
  }
}
