import type { FileHandle } from 'node:fs/promises';
import { fileRefusal } from '../../runtime/refusal.ts';

/**
 * Writes chunks one after another to a file, without copying them (writev).
 *
 * @throws Refusal ERR_DISK_FULL ...
 */
export async function writeChunks(
  handle: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let at = position;
  try {
    for (let left = chunks; left.length > 0; ) {
      // writev() stops short when the disk is full; the next call gives the reason.
      const { bytesWritten } = await handle.writev(left, at);
      at += bytesWritten;
      left = skip(left, bytesWritten);
    }
  } catch (error) {
    throw fileRefusal(error);
  }
}

/** The bytes that writev() did not write. */
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
