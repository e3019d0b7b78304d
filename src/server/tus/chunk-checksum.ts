// The checksum of a request's bytes: Upload-Checksum, as a header (checksum) or as a trailer behind
// the bytes (checksum-trailer), which `Trailer` announces. A trailer's algorithm is unknown until
// it comes, so all are computed.
import { createHash, type Hash } from 'node:crypto';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { CHECKSUMS, type ChecksumAlgorithm, parseChecksum } from '../message/tus-headers.ts';

const ANNOUNCED = /(?:^|,)\s*upload-checksum\s*(?:,|$)/i;

export class ChunkChecksum {
  readonly #conversation: Conversation;
  readonly #hashes: ReadonlyMap<ChecksumAlgorithm, Hash>;

  private constructor(conversation: Conversation, algorithms: readonly ChecksumAlgorithm[]) {
    this.#conversation = conversation;
    this.#hashes = new Map(algorithms.map((name) => [name, createHash(name)]));
  }

  /** Undefined if the request has none. @throws HttpFailure 400 */
  static of(conversation: Conversation): ChunkChecksum | undefined {
    const { headers } = conversation.req;
    const given = parseChecksum(headers);
    if (given) return new ChunkChecksum(conversation, [given.algorithm]);
    return ANNOUNCED.test(headers.trailer ?? '')
      ? new ChunkChecksum(conversation, CHECKSUMS)
      : undefined;
  }

  /** Hashes that must get every byte. */
  get hashes(): readonly Hash[] {
    return [...this.#hashes.values()];
  }

  /**
   * Call once, after the last byte. Returns the sha-256, if that was the checksum.
   *
   * @throws HttpFailure 400, 460
   */
  check(): Uint8Array | undefined {
    const { req, res } = this.#conversation;
    const given = parseChecksum(req.headers) ?? parseChecksum(req.trailers);
    if (!given) throw new HttpFailure(400, 'Upload-Checksum: announced as a trailer, and missing');
    if (this.#hashes.get(given.algorithm)!.digest().equals(given.digest)) {
      return given.algorithm === 'sha256' ? given.digest : undefined;
    }
    // Node.js has no text for status 460.
    res.statusMessage = 'Checksum Mismatch';
    throw new HttpFailure(460, 'the bytes that came do not match Upload-Checksum');
  }
}
