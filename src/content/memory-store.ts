// A store in memory, for small files, simulations and tests. No file appears; otherwise the
// contract is that of the file store.
import { invariant } from '../runtime/invariant.ts';
import { Bitfield } from './bitfield.ts';
import type { Manifest } from './manifest.ts';
import { partsMatch } from './parts.ts';
import { checkRange, type PieceStore } from './store.ts';

export class MemoryStore implements PieceStore {
  readonly manifest: Manifest;
  readonly have: Bitfield;
  readonly #bytes: Uint8Array;

  private constructor(manifest: Manifest, bytes: Uint8Array, have: Bitfield) {
    this.manifest = manifest;
    this.#bytes = bytes;
    this.have = have;
  }

  /** @param bytes the manifest's content; the caller vouches for it and no longer changes it */
  static whole(manifest: Manifest, bytes: Uint8Array): MemoryStore {
    const { totalLength, pieceCount } = manifest.geometry;
    invariant(bytes.length === totalLength, `${bytes.length} bytes are not the content`);
    return new MemoryStore(manifest, bytes, Bitfield.full(pieceCount));
  }

  static empty(manifest: Manifest): MemoryStore {
    const { totalLength, pieceCount } = manifest.geometry;
    return new MemoryStore(manifest, new Uint8Array(totalLength), new Bitfield(pieceCount));
  }

  /** The whole content, once every piece is here; not a copy. */
  get bytes(): Uint8Array {
    invariant(this.have.isFull, 'asked for before it was whole');
    return this.#bytes;
  }

  async read(
    piece: number,
    begin: number,
    length: number,
    into: Uint8Array = new Uint8Array(length),
  ): Promise<Uint8Array> {
    checkRange(this.manifest, piece, begin, length, into);
    invariant(this.have.has(piece), `piece ${piece} is not here`);
    const start = this.manifest.geometry.offset(piece) + begin;
    into.set(this.#bytes.subarray(start, start + length));
    return into;
  }

  async write(piece: number, parts: readonly Uint8Array[]): Promise<boolean> {
    if (!partsMatch(this.manifest, piece, parts)) return false;
    if (this.have.has(piece)) return true;
    let offset = this.manifest.geometry.offset(piece);
    for (const part of parts) {
      this.#bytes.set(part, offset);
      offset += part.length;
    }
    this.have.add(piece);
    return true;
  }

  async publish(): Promise<undefined> {
    invariant(this.have.isFull, 'published before it was whole');
    return undefined;
  }

  async close(): Promise<void> {}
}
