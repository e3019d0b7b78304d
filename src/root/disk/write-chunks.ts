import type { FileHandle } from 'node:fs/promises';
import { writeAtEnd } from '../../disk/file-system/write-at-end.ts';
import { fileRefusal } from '../../runtime/refusal.ts';

/** As writeAtEnd(). @throws Refusal ERR_DISK_FULL ... */
export async function writeChunks(
  handle: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  try {
    await writeAtEnd(handle, chunks, position);
  } catch (error) {
    throw fileRefusal(error);
  }
}
