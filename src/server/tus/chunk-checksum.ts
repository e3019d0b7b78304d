// What a request says that its bytes are: Upload-Checksum, as a header (checksum) or
// behind the bytes as a trailer (checksum-trailer), which `Trailer` announces. Which
// algorithm it will be is not known until then, so all are reckoned.
import { createHash, type Hash } from 'node:crypto';
import type { Exchange } from '../conversation/exchange.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { CHECKSUMS, type ChecksumAlgorithm, parseChecksum } from '../message/tus-headers.ts';

const ANNOUNCED = /(?:^|,)\s*upload-checksum\s*(?:,|$)/i;

export class ChunkChecksum {
  readonly #exchange: Exchange;
  readonly #hashes: ReadonlyMap<ChecksumAlgorithm, Hash>;

  private constructor(exchange: Exchange, algorithms: readonly ChecksumAlgorithm[]) {
    this.#exchange = exchange;
    this.#hashes = new Map(algorithms.map((name) => [name, createHash(name)]));
  }

  /** Undefined when none comes. @throws HttpFailure 400 */
  static of(exchange: Exchange): ChunkChecksum | undefined {
    const { headers } = exchange.req;
    const given = parseChecksum(headers);
    if (given) return new ChunkChecksum(exchange, [given.algorithm]);
    return ANNOUNCED.test(headers.trailer ?? '')
      ? new ChunkChecksum(exchange, CHECKSUMS)
      : undefined;
  }

  /** To be given every byte. */
  get hashes(): readonly Hash[] {
    return [...this.#hashes.values()];
  }

  /**
   * Call once, after the last byte. Returns the sha-256, when that was what came.
   *
   * @throws HttpFailure 400, 460
   */
  check(): Uint8Array | undefined {
    const { req, res } = this.#exchange;
    const given = parseChecksum(req.headers) ?? parseChecksum(req.trailers);
    if (!given) throw new HttpFailure(400, 'Upload-Checksum: announced as a trailer, and missing');
    if (this.#hashes.get(given.algorithm)!.digest().equals(given.digest)) {
      return given.algorithm === 'sha256' ? given.digest : undefined;
    }
    // Node.js has no name for it.
    res.statusMessage = 'Checksum Mismatch';
    throw new HttpFailure(460, 'the bytes that came do not match Upload-Checksum');
  }
}
