// Undoes gzip and deflate as transfer codings (RFC 9112 section 7.2). This client asks for none, but
// who sends one all the same means the bytes below it, as curl takes them. Knows no socket.
import { createUnzip, type Unzip } from 'node:zlib';
import type { Take } from './http-connection.ts';
import { SourceFailure } from './source-failure.ts';

/**
 * Hands the decoded body to `take`, and waits for it as the pump does.
 *
 * @param pump brings the coded body
 * @throws SourceFailure if the body is not coded so; what `take` throws
 */
export async function pumpUnzipped(pump: (take: Take) => Promise<void>, take: Take): Promise<void> {
  const unzip = createUnzip();
  // Its failure is read below: the pump may still be at work.
  const taken = takeAll(unzip, take).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  try {
    await pump((chunk) => write(unzip, chunk));
    unzip.end();
  } catch (error) {
    unzip.destroy();
    throw unzipFailure((await taken)?.error ?? error);
  }
  const failed = await taken;
  if (failed) throw unzipFailure(failed.error);
}

async function takeAll(unzip: Unzip, take: Take): Promise<void> {
  for await (const chunk of unzip) await take(chunk as Uint8Array);
}

/** A stream that fails does not call back for what it holds: it closes. */
function write(unzip: Unzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    unzip.once('close', reject);
    unzip.write(chunk, (error) => {
      unzip.off('close', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Codes of zlib are Z_DATA_ERROR, Z_BUF_ERROR and their like. */
function unzipFailure(cause: unknown): unknown {
  const { code } = cause as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('Z_')) return cause;
  return new SourceFailure('used a transfer coding, and its body is not coded so', {
    final: true,
    cause,
  });
}
