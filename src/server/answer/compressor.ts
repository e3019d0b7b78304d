// Compresses text on request, once for each version and coding, and keeps the result while there is
// room. It compresses whole texts instead of streams: so the length is known, HEAD says what GET
// does, and a crowd costs one compression. The length of a text, the compressions at once and the
// bytes kept are bounded.
import { promisify } from 'node:util';
import { brotliCompress, gzip, constants as zlib } from 'node:zlib';
import { Gate } from '../../runtime/gate.ts';
import type { Coding } from '../message/accept-encoding.ts';

/** Shortest text: below it the header fields are most of the answer. */
const MIN_BYTES = 1024;
/**
 * Longest text. Chosen: a tenth of a second of one core; longer texts are better stored compressed.
 */
const MAX_BYTES = 4 * 2 ** 20;
/** Compressions at once. Chosen: two of the four threads that also read files. */
const AT_ONCE = 2;
/** Most bytes kept. Chosen. */
const MAX_KEPT_BYTES = 32 * 2 ** 20;
/** Memory of a key and its slot, roughly. */
const OVERHEAD_BYTES = 256;
/**
 * Quality of br: it takes as long as gzip's 6, and the text is a tenth smaller (measured on prose
 * and JSON).
 */
const BROTLI_QUALITY = 5;

/** The compressed text; undefined if it would not become smaller. */
type Compressed = Uint8Array | undefined;

const COMPRESS: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  gzip: (bytes) => promisify(gzip)(bytes),
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [zlib.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
};

export class Compressor {
  /** Texts by version and coding, in the order of last use. */
  readonly #kept = new Map<string, Compressed>();
  #keptBytes = 0;
  readonly #running = new Map<string, Promise<Compressed>>();
  readonly #gate = new Gate(AT_ONCE);

  /** Whether a text of this length is compressed at all. */
  takes(bytes: number): boolean {
    return bytes >= MIN_BYTES && bytes <= MAX_BYTES;
  }

  /**
   * @param version names the bytes that `read` gives
   * @throws what `read` throws
   */
  async compress(
    version: string,
    coding: Coding,
    read: () => Promise<Uint8Array>,
  ): Promise<Compressed> {
    const key = `${coding}:${version}`;
    if (this.#kept.has(key)) {
      const kept = this.#kept.get(key);
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    let running = this.#running.get(key);
    if (!running) {
      running = this.#gate
        .run(async () => this.#keep(key, await make(coding, await read())))
        .finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  #keep(key: string, compressed: Compressed): Compressed {
    this.#kept.set(key, compressed);
    this.#keptBytes += sizeOf(compressed);
    for (const [oldest, bytes] of this.#kept) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= sizeOf(bytes);
    }
    return compressed;
  }
}

async function make(coding: Coding, bytes: Uint8Array): Promise<Compressed> {
  const compressed = await COMPRESS[coding](bytes);
  return compressed.length < bytes.length ? compressed : undefined;
}

function sizeOf(compressed: Compressed): number {
  return OVERHEAD_BYTES + (compressed?.length ?? 0);
}
