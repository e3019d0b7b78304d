// Downloads from a server that names no CID. Nothing can be verified, so bytes are joined only
// under one strong validator, and bytes of two mirrors never mix. A server that knows ranges need
// not know If-Range, so the answer must name the validator again. A download that cannot be
// continued begins anew. Source: RFC 9110 sections 13.1.5 (If-Range), 14 and 15.3.7.3 (combining
// parts).
import type { Link } from '../../link/link.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { contentCoding, strongValidator } from '../http/validator.ts';
import { type FailOver, tryMirrors } from '../mirrors/fail-over.ts';
import { openRange, type RangeResponse } from '../mirrors/fetch-range.ts';
import { paced } from '../mirrors/paced.ts';
import { Assembler } from './assembler.ts';
import type { HashedSink } from './hashed-sink.ts';
import type { PlainVersion } from './plain-sink.ts';
import { WriteQueue } from './write-queue.ts';

/** Length of one write. Measured together with the read buffer: shorter writes cost more calls. */
const BLOCK_BYTES = 2 ** 20;

export interface PlainDownload extends FailOver {
  readonly http: HttpClient;
  readonly link: Link;
  readonly sink: HashedSink;
  /** The digest of the whole file, if the server names it. */
  readonly digest: (url: URL, response: RangeResponse) => string | undefined;
  /** Called at the start of each attempt. */
  readonly onStart: (url: URL, response: RangeResponse) => void;
  readonly onBytes: (position: number) => void;
}

/** Resolves when the sink has the complete file. */
export async function downloadPlain(download: PlainDownload): Promise<void> {
  const tries: Tries = { stubborn: new Set(), answered: false, digest: undefined };
  await tryMirrors(download, (url) => fetchRest(download, url, tries));
}

/** What the attempts of one download share. */
interface Tries {
  /** Servers that did not continue the partial file: they are asked for the whole. */
  readonly stubborn: Set<URL>;
  answered: boolean;
  /** The digest of the version whose bytes are here. */
  digest: string | undefined;
}

async function fetchRest(download: PlainDownload, url: URL, tries: Tries): Promise<void> {
  if (!tries.stubborn.has(url) && isBegun(download, url)) {
    try {
      await receive(download, url, await openRest(download, url), tries);
    } catch (error) {
      const isFinal = error instanceof SourceFailure && error.final;
      if (!isFinal || download.http.slow.aborted) throw error;
      const reason = `${showUrl(url)}: ${error.message}: what is here cannot be continued`;
      download.emit({ event: 'warned', message: `${reason}, and all is asked for` });
      tries.stubborn.add(url);
      return fetchRest(download, url, tries);
    }
  } else {
    const { http, signal } = download;
    await receive(download, url, await openRange(http, { url, first: 0, signal }), tries);
  }
  await checkDigest(download.sink, url, tries.digest);
}

/** Hands an answer's bytes to the sink. If the answer is the rest, the earlier bytes stay. */
async function receive(
  download: PlainDownload,
  url: URL,
  response: RangeResponse,
  tries: Tries,
): Promise<void> {
  const { sink } = download;
  const continued = response.offset > 0;
  if (!continued) await sink.restart(plainVersionOf(url, response)).catch(discarding(response));
  if (!continued || !tries.answered) {
    tries.digest = download.digest(url, response);
    sink.hashing = tries.digest !== undefined;
  }
  tries.answered = true;
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
  const leastBytes = download.mirrors.leastBytes(url);
  const take = paced(download.link, download.signal, (chunk) => {
    received += chunk.length;
    download.patience.handleBytes(0, received, leastBytes);
    return assembler.take(chunk);
  });
  try {
    await response.pump(take, () => assembler.room(), leastBytes);
  } finally {
    // Bytes that came before a failure are kept: the next attempt may go on there.
    await assembler.flush();
    await queue.drain();
  }
  if (response.totalBytes !== undefined && sink.position !== response.totalBytes) {
    throw new SourceFailure(`sent ${sink.position} bytes of ${response.totalBytes}`);
  }
}

async function checkDigest(sink: HashedSink, url: URL, digest: string | undefined): Promise<void> {
  if (digest === undefined || (await sink.digest()) === digest) return;
  const reason = 'sent bytes that do not match the digest it names';
  // These bytes are not continued. Bytes in a pipe cannot be taken back.
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

/** Whether a part of this server's file is here. */
function isBegun({ sink: { version, position } }: PlainDownload, url: URL): boolean {
  return version?.url === showUrl(url) && position > 0;
}

/**
 * Opens the rest of the partial file, or the whole.
 *
 * @throws SourceFailure, final if it cannot be had
 */
async function openRest(download: PlainDownload, url: URL): Promise<RangeResponse> {
  const { http, sink, signal } = download;
  const { position } = sink;
  const version = sink.version!;
  // If all bytes are here, ask for the last one: a range must not be empty.
  const first = Math.min(position, version.bytes - 1);
  const response = await openRange(http, { url, first, ifRange: version.validator, signal });
  checkSame(response, version);
  if (response.offset === 0 || first === position) return response;
  response.discard();
  return { ...response, offset: position, pump: async () => undefined };
}

/** Checks the version of a partial answer; an answer with the whole file may be of another. */
function checkSame(response: RangeResponse, version: PlainVersion): void {
  if (response.offset === 0) return;
  if (response.totalBytes !== version.bytes) {
    response.discard();
    throw new SourceFailure('has a file of another length now', { final: true });
  }
  const { headers } = response;
  const isSame =
    strongValidator(headers) === version.validator && contentCoding(headers) === version.coding;
  if (isSame) return;
  response.discard();
  throw new SourceFailure('does not say that it is the same version', { final: true });
}

function plainVersionOf(url: URL, response: RangeResponse): PlainVersion | undefined {
  const validator = strongValidator(response.headers);
  const bytes = response.totalBytes;
  if (validator === undefined || bytes === undefined) return undefined;
  return { url: showUrl(url), validator, coding: contentCoding(response.headers), bytes };
}

const discarding =
  (response: RangeResponse) =>
  (error: unknown): never => {
    response.discard();
    throw error;
  };
