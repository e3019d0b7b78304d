// A request's body into a partial file: through the link's downlink, in writes of
// about a mebibyte (measured: 1.3 times the speed of one write a chunk), and only
// as long as the sender keeps a pace. requestTimeout of Node.js would end long
// uploads, however lively; this ends stalled and trickled ones.
import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from '../link/link.ts';
import type { Exchange } from './exchange.ts';
import { HttpFailure } from './http-failure.ts';
import type { PartialFile } from './partial-file.ts';

const WRITE_BYTES = 2 ** 20;

/** @throws HttpFailure 400 (cut short), 408, 507 and what the file system says */
export async function receiveBody(
  exchange: Exchange,
  link: Link,
  partial: PartialFile,
): Promise<void> {
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  const flush = async (): Promise<void> => {
    await partial.write(gathered);
    gathered = [];
    gatheredBytes = 0;
  };
  for await (const chunk of chunksInTime(exchange)) {
    const wait = link.receive(chunk.length, exchange.signal);
    if (wait !== undefined) await wait;
    gathered.push(chunk);
    gatheredBytes += chunk.length;
    exchange.bytes += chunk.length;
    if (gatheredBytes >= WRITE_BYTES) await flush();
  }
  await flush();
}

/** The body's chunks; only the time spent waiting for the sender counts against it. */
async function* chunksInTime(exchange: Exchange): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = exchange.req[Symbol.asyncIterator]();
  let waitedMs = 0;
  for (;;) {
    const leftMs = exchange.patienceMs(exchange.bytes) - waitedMs;
    const startedAt = performance.now();
    const next = await inTime(chunks, Math.min(exchange.stallMs, leftMs));
    waitedMs += performance.now() - startedAt;
    if (next.done) return;
    yield next.value;
  }
}

async function inTime(
  chunks: AsyncIterator<Buffer>,
  limitMs: number,
): Promise<IteratorResult<Buffer>> {
  const abort = new AbortController();
  try {
    return await Promise.race([
      chunks.next(),
      delay(limitMs, undefined, { signal: abort.signal }).then(() => {
        throw new HttpFailure(408, 'the upload came too slowly, or not at all');
      }),
    ]);
  } catch (error) {
    if (error instanceof HttpFailure) throw error;
    throw new HttpFailure(400, 'the upload ended before its last byte');
  } finally {
    abort.abort();
  }
}
