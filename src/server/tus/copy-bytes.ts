import { open } from 'node:fs/promises';
import { allocAligned } from '../../content/aligned-buffer.ts';
import { HttpFailure } from '../http-failure.ts';
import type { PieceWriter } from '../piece-writer.ts';

const READ_BYTES = 2 ** 20;

/** The first `length` bytes of a file, on to a writer. @throws HttpFailure 409 when it has fewer */
export async function copyBytes(path: string, length: number, writer: PieceWriter): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const buffer = allocAligned(Math.max(1, Math.min(READ_BYTES, length)));
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - at), at);
      if (bytesRead === 0) throw new HttpFailure(409, 'a part of the upload was cut meanwhile');
      await writer.take(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
