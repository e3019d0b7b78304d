// Text compressed when it is asked for: once for each version and coding, however
// many ask, and kept while there is room. Whole and not streamed, so that the
// length is known, HEAD says what GET does, and a crowd costs one compression.
// Bounded: by the size of what is taken, by how many run at once, by what is kept.
import { promisify } from 'node:util';
import { brotliCompress, gzip, constants as zlib } from 'node:zlib';
import { Gate } from '../../runtime/gate.ts';
import type { Coding } from '../message/accept-encoding.ts';

/** Below it the header fields are most of the answer. */
const MIN_BYTES = 1024;
/** Chosen: a tenth of a second of one core. Longer texts are better stored compressed. */
const MAX_BYTES = 4 * 2 ** 20;
/** Chosen: of the four threads that also read files. */
const AT_ONCE = 2;
/** Chosen. */
const MAX_KEPT_BYTES = 32 * 2 ** 20;
/** About what a key and its slot take. */
const OVERHEAD_BYTES = 256;
/** As much as gzip's 6 costs, and a tenth smaller (measured on prose and JSON). */
const BROTLI_QUALITY = 5;

/** Undefined where it would not become smaller. */
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
  /** By version and coding, in the order of last use. */
  readonly #kept = new Map<string, Compressed>();
  #keptBytes = 0;
  readonly #running = new Map<string, Promise<Compressed>>();
  readonly #gate = new Gate(AT_ONCE);

  /** Whether something of this length is compressed at all. */
  takes(bytes: number): boolean {
    return bytes >= MIN_BYTES && bytes <= MAX_BYTES;
  }

  /** @param version names the bytes that `read` gives; what it throws is thrown here. */
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
