// Cuts the files off a tar (POSIX pax), as a hub sends it. Longer files than wanted are passed over.
// The bytes come from a remote: memory is one buffer, and each byte is moved twice at most.
import { Header, Pax } from 'tar';
import { SourceFailure } from '../http/source-failure.ts';

const BLOCK_BYTES = 512;

export interface TarFile {
  /** As the archive has it: it is no path on this disk. */
  readonly path: string;
  /** Valid until the next file is asked for. */
  readonly bytes: Uint8Array;
}

export class TarReader {
  readonly #mostBytes: number;
  readonly #room: Buffer;
  #begin = 0;
  #end = 0;
  /** Nothing can be cut off before so many bytes are held. */
  #needed = BLOCK_BYTES;
  /** Bytes that are still to be passed over. */
  #unwanted = 0;
  #extended: Pax | undefined;

  /** @param mostBytes of a file that is wanted */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#room = Buffer.allocUnsafe(2 * (BLOCK_BYTES + padded(mostBytes)));
  }

  /** @throws SourceFailure if it is no tar */
  *take(chunk: Uint8Array): Generator<TarFile> {
    for (let at = 0; at < chunk.length; ) {
      const passed = Math.min(this.#unwanted, chunk.length - at);
      this.#unwanted -= passed;
      at += passed;
      if (this.#unwanted > 0) return;
      const part = chunk.subarray(at, at + this.#room.length - this.#end);
      this.#room.set(part, this.#end);
      this.#end += part.length;
      at += part.length;
      yield* this.#cut();
    }
  }

  *#cut(): Generator<TarFile> {
    while (this.#end - this.#begin >= this.#needed) {
      const header = new Header(this.#room, this.#begin, this.#extended);
      if (!header.cksumValid && !header.nullBlock) throw new SourceFailure('sent what is no tar');
      const { size = 0 } = header;
      const entryBytes = BLOCK_BYTES + padded(size);
      const isWanted = size <= this.#mostBytes;
      if (isWanted && this.#end - this.#begin < entryBytes) {
        this.#needed = entryBytes;
        break;
      }
      const bytes = isWanted ? this.#payload(size) : undefined;
      const extended = this.#extended;
      // It holds for the next entry alone.
      this.#extended =
        bytes && header.type === 'ExtendedHeader' ? Pax.parse(bytes.toString()) : undefined;
      this.#pass(entryBytes);
      if (bytes && !header.nullBlock && FILES.has(header.type)) {
        yield { path: extended?.path ?? header.path ?? '', bytes };
      }
    }
    // What is left is the beginning of an entry: make room for its end.
    this.#room.copyWithin(0, this.#begin, this.#end);
    this.#end -= this.#begin;
    this.#begin = 0;
  }

  #payload(size: number): Buffer {
    const from = this.#begin + BLOCK_BYTES;
    return this.#room.subarray(from, from + size);
  }

  #pass(bytes: number): void {
    const held = Math.min(bytes, this.#end - this.#begin);
    this.#begin += held;
    this.#unwanted = bytes - held;
    this.#needed = BLOCK_BYTES;
  }
}

const FILES = new Set(['File', 'OldFile']);

const padded = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
