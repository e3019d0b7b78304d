// The bytes of a file for an archive, as they were when it was opened: one that
// changes under way throws, so no archive holds half of each of two versions.
import { isUnchanged } from '../catalogue.ts';
import { HttpFailure } from '../http-failure.ts';
import { readFully } from '../send-body.ts';
import type { Opened } from '../served-root.ts';

/** As in send-body.ts. Each is new, for packers keep them as long as they like. */
const CHUNK_BYTES = 512 * 1024;

/** @throws HttpFailure 503 when it changed */
export async function* fileChunks(file: Opened): AsyncGenerator<Uint8Array> {
  const { size } = file.stats;
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at));
    await readFully(file, bytes, at);
    if (!isUnchanged(file.stats, await file.handle.stat())) {
      throw new HttpFailure(503, 'a file is being changed; try again', { 'Retry-After': '1' });
    }
    yield bytes;
  }
}
