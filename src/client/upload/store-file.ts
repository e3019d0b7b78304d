// Sends one file to one URL, by the best way that the server offers: a large file by tus, so that
// an interruption costs only what was under way; else by PUT. Afterwards the server's answer is
// compared with the file: a digest that it checked, or the CID that it names.
import { formatAttributes } from '../../api/file-attributes.ts';
import { REPLACE_FIELD, type ReplaceWish } from '../../api/replace-field.ts';
import { HubswarmError, hasCode } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import { isPending, namedCid } from '../http/names-cid.ts';
import { refusalOf, sendRequest } from '../http/send-request.ts';
import { statusOf } from '../http/source-failure.ts';
import { untilNamed } from '../http/until-named.ts';
import { showUrl } from '../http/url.ts';
import { hasSameBytes } from './check-stored.ts';
import { findTus, type RequestBasis, uploadByTus } from './tus-upload.ts';
import { untilAnswered } from './until-answered.ts';
import { UploadMemory } from './upload-memory.ts';
import { UploadSource } from './upload-source.ts';

export interface StoreFile extends RequestBasis {
  readonly path: string;
  readonly url: URL;
  /** Whether to fail if the name is taken. */
  readonly ifAbsent: boolean;
  /** What of another kind gives way to the file. */
  readonly replaces?: ReplaceWish | undefined;
  /** Whether the server is told the file's time of last change, and whether it can be run. */
  readonly preserve: boolean;
  /** Whether the name is no other Unicode spelling of one that the server has. */
  readonly isExact?: boolean | undefined;
  readonly paced: boolean;
  readonly emit: Emit;
  /** Called once, before the first byte. */
  readonly onStart: (bytes: number, resumedBytes: number) => void;
  /** Called with all bytes sent so far. */
  readonly onSent: (bytes: number) => void;
}

export interface Stored {
  readonly url: string;
  readonly etag: string | undefined;
}

/** Chosen: a smaller file is sent again about as fast as two more requests are answered. */
const TUS_FROM_BYTES = 4 * 2 ** 20;

const STAYS = { 412: 'the directory there is not empty, or holds more than is listed; it stays' };

/** @throws SourceFailure; HubswarmError ERR_SOURCE_CHANGED, ERR_NOT_FOUND, ERR_HASH_MISMATCH */
export async function storeFile(job: StoreFile): Promise<Stored> {
  const source = await UploadSource.open(job.path);
  try {
    const conditions: Record<string, string> = job.ifAbsent ? { 'if-none-match': '*' } : {};
    // tus has no way to ask for the spelling, nor to let a directory give way.
    const isWhole = source.bytes < TUS_FROM_BYTES || job.isExact || job.replaces;
    const target = isWhole ? undefined : await untilAnswered(job, () => findTus(job, job.url));
    if (!target) return await putWhole(job, source, conditions);
    const headers = await uploadByTus({
      ...job,
      target,
      source,
      conditions,
      memory: new UploadMemory([...source.version, showUrl(job.url), job.ifAbsent]),
      onStart: (resumed) => job.onStart(source.bytes, resumed),
      onRetry: (reason, attempt, delayMs) => {
        const remote = showUrl(job.url);
        job.emit({ event: 'source_failed', remote, reason });
        job.emit({ event: 'source_retried', remote, attempt, delayMs });
      },
    });
    // If the final upload response was lost, take the CID from a HEAD of the file.
    const told = namedCid(headers) ? headers : await headersOf(job);
    await checkCid(job, told);
    return { url: showUrl(job.url), etag: told.get('etag') };
  } finally {
    await source.close();
  }
}

async function putWhole(
  job: StoreFile,
  source: UploadSource,
  conditions: Readonly<Record<string, string>>,
): Promise<Stored> {
  job.onStart(source.bytes, 0);
  return untilAnswered(job, async (attempt) => {
    try {
      return await putBytes(job, source, conditions);
    } catch (error) {
      // The answer to an earlier attempt may have been lost, and the file be there since.
      const isMet = attempt > 1 && job.ifAbsent && statusOf(error) === 412;
      const headers = isMet ? await headersOf(job) : undefined;
      const cid = headers && namedCid(headers);
      if (!cid || !(await hasSameBytes({ ...job, cid }))) throw error;
      return { url: showUrl(job.url), etag: headers.get('etag') };
    }
  });
}

async function putBytes(
  job: StoreFile,
  source: UploadSource,
  conditions: Readonly<Record<string, string>>,
): Promise<Stored> {
  // Only for a small file: the digest must be known before the first byte is sent.
  const digest = source.bytes < TUS_FROM_BYTES ? await source.digest() : undefined;
  const answer = await sendRequest({
    ...job,
    method: 'PUT',
    headers: {
      'content-type': 'application/octet-stream',
      ...conditions,
      ...(job.isExact ? { prefer: 'handling=strict' } : {}),
      ...(job.replaces ? { [REPLACE_FIELD]: job.replaces } : {}),
      ...(job.preserve ? formatAttributes(source.attributes) : {}),
      ...(digest ? { 'repr-digest': digest } : {}),
    },
    body: { bytes: source.bytes, chunks: () => source.read(job.paced), onSent: job.onSent },
  });
  const { status, headers } = answer;
  const hints = job.replaces && status === 412 ? STAYS : undefined;
  if (status < 200 || status >= 300) throw refusalOf(job, answer, hints);
  const compared = digest !== undefined && headers.get('repr-digest') === digest;
  if (!compared) await checkCid(job, headers);
  return { url: showUrl(job.url), etag: headers.get('etag') };
}

async function headersOf(job: StoreFile): Promise<ReadonlyMap<string, string>> {
  const ask = async () => (await sendRequest({ ...job, method: 'HEAD' })).headers;
  return untilNamed(ask, { withinMs: job.stallMs, signal: job.signal });
}

async function checkCid(job: StoreFile, headers: ReadonlyMap<string, string>): Promise<void> {
  const cid = namedCid(headers);
  if (!cid) {
    const message = 'the hub has not hashed it yet: what it stored is not verified';
    if (isPending(headers)) job.emit({ event: 'warned', message });
    return;
  }
  try {
    if (await hasSameBytes({ ...job, cid })) return;
  } catch (error) {
    if (!hasCode(error, 'ERR_NO_SOURCE')) throw error;
    const message = 'the server gives no blocks: what it stored is not verified';
    job.emit({ event: 'warned', message });
    return;
  }
  const message = `${showUrl(job.url)}: the server stored other bytes`;
  throw new HubswarmError('ERR_HASH_MISMATCH', message);
}
