// A download from a server that names no CID: nothing can be verified, so nothing
// is joined that one strong validator does not hold together, and bytes of two
// mirrors never mix. Source: RFC 9110 sections 13.1.5 (If-Range) and 14.
import type { Link } from '../link/link.ts';
import { HubswarmError, hasCode } from '../runtime/errors.ts';
import { Assembler } from './assembler.ts';
import { type FailOver, tryMirrors } from './fail-over.ts';
import { openRange, type RangeResponse } from './fetch-range.ts';
import { HashedSink } from './hashed-sink.ts';
import type { HttpClient } from './http-client.ts';
import { paced } from './paced.ts';
import type { PlainOrigin, PlainSink } from './plain-sink.ts';
import { SourceFailure } from './source-failure.ts';
import { showUrl } from './url.ts';
import { strongValidator } from './validator.ts';
import { WriteQueue } from './write-queue.ts';

/** Of one write; measured with the read buffer, shorter ones cost more calls. */
const BLOCK_BYTES = 2 ** 20;

export interface PlainDownload extends FailOver {
  readonly http: HttpClient;
  readonly link: Link;
  readonly sink: PlainSink;
  /** Of the whole file, as that server names it. */
  readonly digest: (url: URL) => string | undefined;
  /** At the start (of each try). */
  readonly onStart: (url: URL, response: RangeResponse) => void;
  readonly onBytes: (position: number) => void;
}

/** Resolves when the sink has the whole file. */
export async function downloadPlain(download: PlainDownload): Promise<void> {
  await tryMirrors(download, (url) => fetchRest(download, url));
}

async function fetchRest(download: PlainDownload, url: URL): Promise<void> {
  const { sink } = download;
  const response = await openRest(download, url);
  const continued = response.offset > 0;
  if (!continued) await sink.restart(originOf(url, response)).catch(discarding(response));
  download.onStart(url, response);
  const queue = new WriteQueue();
  const assembler = new Assembler(
    {
      maxLength: BLOCK_BYTES,
      length: () => BLOCK_BYTES,
      handle: (_, bytes) => queue.push(() => append(download, url, bytes)),
    },
    0,
  );
  let received = response.offset;
  const take = paced(download.link, download.signal, (chunk) => {
    received += chunk.length;
    download.patience.handleBytes(0, received);
    return assembler.take(chunk);
  });
  try {
    await response.pump(take, () => assembler.room());
  } finally {
    // What came before a failure is kept: the next try may go on there.
    await assembler.flush();
    await queue.drain();
  }
  if (response.totalBytes !== undefined && sink.position !== response.totalBytes) {
    throw new SourceFailure(`sent ${sink.position} bytes of ${response.totalBytes}`);
  }
  await checkDigest(sink, url, download.digest(url));
}

async function checkDigest(sink: PlainSink, url: URL, digest: string | undefined): Promise<void> {
  if (digest === undefined || !(sink instanceof HashedSink)) return;
  if ((await sink.digest()) === digest) return;
  const reason = 'sent bytes that do not match the digest it names';
  // Nothing of it is gone on with. What a pipe took cannot be taken back.
  await sink.restart(undefined).catch((cause: unknown) => {
    throw hasCode(cause, 'ERR_SOURCE_CHANGED')
      ? new HubswarmError('ERR_HASH_MISMATCH', `${showUrl(url)}: ${reason}`, { cause })
      : cause;
  });
  throw new SourceFailure(reason, { final: true });
}

async function append(download: PlainDownload, url: URL, bytes: Uint8Array): Promise<void> {
  await download.sink.append(bytes);
  download.mirrors.handleSuccess(url);
  download.onBytes(download.sink.position);
}

/** The rest of what is here when it is this server's, else the whole. */
async function openRest(download: PlainDownload, url: URL): Promise<RangeResponse> {
  const { http, sink, signal } = download;
  const { origin, position } = sink;
  if (!origin || origin.url !== showUrl(url) || position === 0) {
    return openRange(http, { url, first: 0, signal });
  }
  // From the last byte on, if all is here: a range must not be empty.
  const first = Math.min(position, origin.bytes - 1);
  const response = await openRange(http, { url, first, ifRange: origin.validator, signal });
  if (response.offset === 0 || first === position) return checked(response, origin);
  response.discard();
  return { ...response, offset: position, pump: async () => undefined };
}

function checked(response: RangeResponse, origin: PlainOrigin): RangeResponse {
  if (response.offset === 0 || response.totalBytes === origin.bytes) return response;
  response.discard();
  throw new SourceFailure('continued with a file of another length', { final: true });
}

function originOf(url: URL, response: RangeResponse): PlainOrigin | undefined {
  const validator = strongValidator(response.headers);
  const bytes = response.totalBytes;
  if (validator === undefined || bytes === undefined) return undefined;
  return { url: showUrl(url), validator, bytes };
}

const discarding =
  (response: RangeResponse) =>
  (error: unknown): never => {
    response.discard();
    throw error;
  };
