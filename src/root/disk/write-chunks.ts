import type { FileHandle } from 'node:fs/promises';
import { fileRefusal } from '../../runtime/refusal.ts';

/** Chunks one after another into a file, as they are (writev). @throws Refusal ERR_DISK_FULL ... */
export async function writeChunks(
  handle: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let at = position;
  try {
    for (let left = chunks; left.length > 0; ) {
      // Stops short when the disk fills; the next call says why.
      const { bytesWritten } = await handle.writev(left, at);
      at += bytesWritten;
      left = skip(left, bytesWritten);
    }
  } catch (error) {
    throw fileRefusal(error);
  }
}

/** What writev() did not take. */
function skip(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skipped = 0;
  for (const chunk of chunks) {
    const from = Math.min(chunk.length, Math.max(0, bytes - skipped));
    skipped += chunk.length;
    if (from < chunk.length) left.push(chunk.subarray(from));
  }
  return left;
}
