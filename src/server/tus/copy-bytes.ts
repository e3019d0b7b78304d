import type { PieceWriter } from '../../hub/uploads/piece-writer.ts';
import type { UploadData } from '../../root/unfinished.ts';
import { allocAligned } from '../../runtime/node/aligned-buffer.ts';
import { Refusal } from '../../runtime/refusal.ts';

const READ_BYTES = 2 ** 20;

/**
 * Copies the first `length` bytes of an upload to a writer.
 *
 * @throws Refusal ERR_CONFLICT if it has fewer, and what the signal holds
 */
export async function copyBytes(
  data: UploadData,
  length: number,
  writer: PieceWriter,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < length; ) {
    signal.throwIfAborted();
    // Each chunk has its own buffer, since the writer holds it for a while.
    const buffer = allocAligned(Math.min(READ_BYTES, length - at));
    const bytesRead = await data.read(buffer, at);
    if (bytesRead === 0)
      throw new Refusal('ERR_CONFLICT', 'a part of the upload was cut meanwhile');
    await writer.take(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
