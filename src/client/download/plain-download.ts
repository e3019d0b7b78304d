// A download from a server that names no CID: nothing can be verified, so nothing
// is joined that one strong validator does not hold together, and bytes of two
// mirrors never mix. Servers that know ranges need not know If-Range: the answer must
// name the validator again. What cannot be continued is begun anew.
// Source: RFC 9110 sections 13.1.5 (If-Range), 14 and 15.3.7.3 (combining parts).
import type { Link } from '../../link/link.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { strongValidator } from '../http/validator.ts';
import { type FailOver, tryMirrors } from '../mirrors/fail-over.ts';
import { openRange, type RangeResponse } from '../mirrors/fetch-range.ts';
import { paced } from '../mirrors/paced.ts';
import { Assembler } from './assembler.ts';
import type { HashedSink } from './hashed-sink.ts';
import type { PlainOrigin } from './plain-sink.ts';
import { WriteQueue } from './write-queue.ts';

/** Of one write; measured with the read buffer, shorter ones cost more calls. */
const BLOCK_BYTES = 2 ** 20;

export interface PlainDownload extends FailOver {
  readonly http: HttpClient;
  readonly link: Link;
  readonly sink: HashedSink;
  /** Of the whole file that this is an answer of, where that server names it. */
  readonly digest: (url: URL, response: RangeResponse) => string | undefined;
  /** At the start (of each try). */
  readonly onStart: (url: URL, response: RangeResponse) => void;
  readonly onBytes: (position: number) => void;
}

/** Resolves when the sink has the whole file. */
export async function downloadPlain(download: PlainDownload): Promise<void> {
  const tries: Tries = { stubborn: new Set(), answered: false, digest: undefined };
  await tryMirrors(download, (url) => fetchRest(download, url, tries));
}

/** What the tries of one download know of each other. */
interface Tries {
  /** Those that did not continue what is here: they are asked for all. */
  readonly stubborn: Set<URL>;
  answered: boolean;
  /** Of the version whose bytes are here. */
  digest: string | undefined;
}

async function fetchRest(download: PlainDownload, url: URL, tries: Tries): Promise<void> {
  if (!tries.stubborn.has(url) && isBegun(download, url)) {
    try {
      await receive(download, url, await openRest(download, url), tries);
    } catch (error) {
      if (!(error instanceof SourceFailure && error.final)) throw error;
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

/** Hands an answer's bytes to the sink; what was there before stays when it is the rest. */
async function receive(
  download: PlainDownload,
  url: URL,
  response: RangeResponse,
  tries: Tries,
): Promise<void> {
  const { sink } = download;
  const continued = response.offset > 0;
  if (!continued) await sink.restart(originOf(url, response)).catch(discarding(response));
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
}

async function checkDigest(sink: HashedSink, url: URL, digest: string | undefined): Promise<void> {
  if (digest === undefined || (await sink.digest()) === digest) return;
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

/** Whether some of this server's file is here. */
function isBegun({ sink: { origin, position } }: PlainDownload, url: URL): boolean {
  return origin?.url === showUrl(url) && position > 0;
}

/** The rest of what is here, or the whole. @throws SourceFailure, final when it cannot be had */
async function openRest(download: PlainDownload, url: URL): Promise<RangeResponse> {
  const { http, sink, signal } = download;
  const { position } = sink;
  const origin = sink.origin!;
  // From the last byte on, if all is here: a range must not be empty.
  const first = Math.min(position, origin.bytes - 1);
  const response = await openRange(http, { url, first, ifRange: origin.validator, signal });
  checkSame(response, origin);
  if (response.offset === 0 || first === position) return response;
  response.discard();
  return { ...response, offset: position, pump: async () => undefined };
}

/** An answer with all need not be the same. */
function checkSame(response: RangeResponse, origin: PlainOrigin): void {
  if (response.offset === 0) return;
  if (response.totalBytes !== origin.bytes) {
    response.discard();
    throw new SourceFailure('has a file of another length now', { final: true });
  }
  if (strongValidator(response.headers) !== origin.validator) {
    response.discard();
    throw new SourceFailure('does not say that it is the same version', { final: true });
  }
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
