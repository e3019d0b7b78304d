// Standard output as the place of a download: bytes in order, each piece verified
// before it leaves, nothing taken back.
import type { Writable } from 'node:stream';
import { Bitfield } from '../content/bitfield.ts';
import type { Manifest } from '../content/manifest.ts';
import { partsMatch } from '../content/parts.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { invariant } from '../runtime/invariant.ts';
import type { PieceSink } from './download.ts';

/** Resolves when the reader took the bytes (or the pipe's buffer did). */
export function writeOut(out: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(bytes, (cause) => {
      if (!cause) return resolve();
      reject(new HubswarmError('ERR_ABORTED', 'standard output: closed by its reader', { cause }));
    });
  });
}

export class StdoutSink implements PieceSink {
  readonly manifest: Manifest;
  readonly have: Bitfield;
  readonly #out: Writable;

  constructor(manifest: Manifest, out: Writable) {
    this.manifest = manifest;
    this.have = new Bitfield(manifest.geometry.pieceCount);
    this.#out = out;
  }

  async write(piece: number, parts: readonly Uint8Array[]): Promise<boolean> {
    invariant(piece === this.have.count, 'a pipe takes pieces in order');
    if (!partsMatch(this.manifest, piece, parts)) return false;
    for (const part of parts) await writeOut(this.#out, part);
    this.have.add(piece);
    return true;
  }
}
