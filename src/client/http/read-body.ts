// Reads a small body whole into memory.
import type { Take } from './http-connection.ts';
import { SourceFailure } from './source-failure.ts';

/** @throws SourceFailure when it is longer than `maxBytes` */
export async function readBody(
  response: { pump(take: Take): Promise<void> },
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  await response.pump((chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new SourceFailure(`sent over ${maxBytes} bytes`, { final: true });
    // Copied: the socket reads on into the same memory. A Buffer's slice() would be a view.
    parts.push(Uint8Array.from(chunk));
    return undefined;
  });
  return Buffer.concat(parts);
}
