// The bytes of a file for an archive, as they were when the file was opened. Bytes appended
// meanwhile are left out. A file that changes otherwise throws, so no archive mixes two versions.

import { readFully } from '../../root/opened.ts';
import type { OpenFile } from '../../root/root.ts';
import { fileChanging } from '../../runtime/refusal.ts';

/** As in send-body.ts. Each chunk is a new buffer, since packers keep them as long as they like. */
const CHUNK_BYTES = 512 * 1024;

/** @throws Refusal ERR_SOURCE_CHANGED */
export async function* fileChunks(file: OpenFile): AsyncGenerator<Uint8Array> {
  const { size } = file.version;
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - at));
    await readFully(file, bytes, at);
    if (!(await file.hasOnlyGrown())) throw fileChanging();
    yield bytes;
  }
}
