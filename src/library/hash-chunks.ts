import { platform } from '#platform';
import { DIGEST_LENGTH } from '../content/manifest.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { kind } from './options.ts';

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * The digests of a file's pieces in order, 32 bytes each.
 *
 * @throws HubswarmError ERR_SOURCE_CHANGED if the chunks are not `length` bytes
 */
export async function hashChunks(
  chunks: Chunks,
  length: number,
  pieceLength: number,
): Promise<Uint8Array> {
  const digests = new Uint8Array(Math.ceil(length / pieceLength) * DIGEST_LENGTH);
  let hashed = 0;
  for await (const parts of cut(chunks, length, pieceLength)) {
    digests.set(platform.sha256(parts), hashed++ * DIGEST_LENGTH);
  }
  return digests;
}

const iterable = kind<Chunks>('bytes in chunks, as [bytes] or a stream', (given) => {
  if (typeof given !== 'object' || given === null) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given;
});
const aChunk = kind<Uint8Array>('a Uint8Array', (given) => given instanceof Uint8Array);

/** The pieces, each as consecutive parts. */
async function* cut(
  chunks: Chunks,
  length: number,
  pieceLength: number,
): AsyncGenerator<Uint8Array[]> {
  let parts: Uint8Array[] = [];
  let room = pieceLength;
  let bytes = 0;
  for await (const chunk of iterable('chunks', chunks)) {
    aChunk('a chunk', chunk);
    bytes += chunk.length;
    if (bytes > length) break;
    for (let begin = 0; begin < chunk.length; ) {
      const part = chunk.subarray(begin, begin + room);
      parts.push(part);
      begin += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield parts;
      parts = [];
      room = pieceLength;
    }
  }
  if (bytes !== length) {
    const message = `the chunks are not the ${length} bytes that were announced`;
    throw new HubswarmError('ERR_SOURCE_CHANGED', message);
  }
  if (parts.length > 0) yield parts;
}
