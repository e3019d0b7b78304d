// The bytes of a file for an archive, as they were when it was opened: what is appended
// meanwhile is left out, and one that changes otherwise throws, so no archive holds half
// of each of two versions.
import type { Opened } from '../root/served-root.ts';
import { readFully } from './send-body.ts';
import { onlyGrowing } from './unmixed.ts';

/** As in send-body.ts. Each is new, for packers keep them as long as they like. */
const CHUNK_BYTES = 512 * 1024;

/** @throws Refusal ERR_SOURCE_CHANGED when it changed */
export async function* fileChunks(file: Opened): AsyncGenerator<Uint8Array> {
  const { size } = file.stats;
  const check = onlyGrowing(file);
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at));
    await readFully(file, bytes, at);
    await check();
    yield bytes;
  }
}
