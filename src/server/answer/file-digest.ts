// Makes the sha-256 of whole files. For a file of one piece it is the digest in its CID. For any
// other file it is made when a request asks for it: once for each version, and one file at a time.
// It takes a second reading of the file, about a second for each GiB; to make it together with the
// CID would double the time of every start. The catalogue keeps it.
import { createHash } from 'node:crypto';
import { isRawCid } from '../../content/cid.ts';
import type { Catalogue, Entry } from '../../hub/catalogue/catalogue.ts';
import type { Turn } from '../../hub/catalogue/hashing-queue.ts';
import { readFully } from '../../root/opened.ts';
import type { OpenFile } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';

/** Bytes read at once. As in content/hash-pieces.ts: longer reads gain nothing. */
const WINDOW_BYTES = 2 * 2 ** 20;
/** Longest file whose digest an answer waits for. Chosen: a tenth of a second. */
const MAX_AWAITED_BYTES = 64 * 2 ** 20;

export class FileDigests {
  readonly #catalogue: Catalogue;
  readonly #signal: AbortSignal;
  readonly #running = new Map<Entry, Promise<Uint8Array | undefined>>();

  constructor(catalogue: Catalogue, signal: AbortSignal) {
    this.#catalogue = catalogue;
    this.#signal = signal;
  }

  /** The digest, if it is known without reading. */
  known({ sha256, manifest }: Entry): Uint8Array | undefined {
    return sha256 ?? (isRawCid(manifest.root) ? manifest.root.multihash.digest : undefined);
  }

  /**
   * The digest, made now if the file is short. The digest of a longer file is made beside, for
   * later requests.
   */
  async soon(entry: Entry): Promise<Uint8Array | undefined> {
    const digest = this.of(entry).catch(() => undefined);
    const awaited = entry.manifest.geometry.totalLength <= MAX_AWAITED_BYTES;
    return awaited ? digest : this.known(entry);
  }

  /** The digest, made now if need be; undefined if the file has another version by now. */
  of(entry: Entry): Promise<Uint8Array | undefined> {
    const known = this.known(entry);
    if (known) return Promise.resolve(known);
    let running = this.#running.get(entry);
    if (!running) {
      const { totalLength } = entry.manifest.geometry;
      running = this.#catalogue.queue
        .run(totalLength, this.#signal, (turn) => hashFile(entry, turn))
        .then(async (digest) => {
          if (digest) await this.#catalogue.learnDigest(entry, digest);
          return digest;
        })
        .finally(() => this.#running.delete(entry));
      this.#running.set(entry, running);
    }
    return running;
  }
}

/** Hashes a file; undefined if it has another version by now. */
async function hashFile(entry: Entry, turn: Turn): Promise<Uint8Array | undefined> {
  const file = await entry.open();
  if (!file) return undefined;
  try {
    const hash = createHash('sha256');
    let left = file.version.size;
    for await (const bytes of windows(file)) {
      await turn(left);
      hash.update(bytes);
      left -= bytes.length;
    }
    return (await file.isUnchanged()) ? hash.digest() : undefined;
  } catch (error) {
    // The file became shorter.
    if (hasCode(error, 'ERR_SOURCE_CHANGED')) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Yields the bytes of a file in order. Each window is valid until the next is asked for; one is
 * read ahead.
 */
async function* windows(file: OpenFile): AsyncGenerator<Uint8Array> {
  const { size } = file.version;
  const length = Math.min(WINDOW_BYTES, size);
  const buffers = [allocAligned(length), allocAligned(length)] as const;
  const read = async (index: number): Promise<Uint8Array | undefined> => {
    const at = index * WINDOW_BYTES;
    if (at >= size) return undefined;
    const bytes = buffers[index % 2 === 0 ? 0 : 1].subarray(0, Math.min(length, size - at));
    await readFully(file, bytes, at);
    return bytes;
  };
  let next = read(0);
  for (let index = 1; ; index++) {
    const bytes = await next;
    if (bytes === undefined) return;
    next = read(index);
    // Awaited in the next round of the loop; until then a failure must not count as unhandled.
    next.catch(() => undefined);
    yield bytes;
  }
}
