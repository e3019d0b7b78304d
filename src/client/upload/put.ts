// Sends one file to a hub or a plain server: the events of the transfer, and its link.
// store-file.ts sends the bytes.

import { basename } from 'node:path';
import { ProcessLink } from '../../link/process-link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { LinkedAbort } from '../../runtime/linked-abort.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import { TransferRate } from '../http/least-rate.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { TransferEvents } from '../mirrors/transfer-events.ts';
import { withSpooled } from './spooled.ts';
import { type Stored, storeFile } from './store-file.ts';

export interface PutOptions {
  readonly path: string;
  /** The target; if it ends in '/', the file's name is added. */
  readonly url: URL;
  /** Whether to fail if the name is taken. */
  readonly ifAbsent?: boolean | undefined;
  /** False: what is stored gets the time of its upload, and no executable bit. */
  readonly preserve?: boolean | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  /** How long the hub may accept no byte, in ms. */
  readonly stallMs: number;
  /** Least mean rate, by the user's option; 0 for none, and that of TransferRate if left out. */
  readonly minBytesPerSecond?: number | undefined;
  readonly access?: Access | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** @throws HubswarmError ERR_REMOTE, ERR_SOURCE_CHANGED, ERR_NOT_FOUND, ERR_HASH_MISMATCH */
export async function putFile(options: PutOptions): Promise<Stored> {
  const { path, emit, stallMs, access } = options;
  const url = uploadUrl(options.url, path);
  const events = new TransferEvents(basename(path), emit, systemClock);
  const uplinkBytesPerSecond = options.uplinkBytesPerSecond ?? Number.POSITIVE_INFINITY;
  const link = new ProcessLink(emit, { uplinkBytesPerSecond });
  const rate = new TransferRate(options.minBytesPerSecond, 'took');
  const ending = new LinkedAbort([options.signal, rate.slow]);
  const { signal } = ending;
  let total = 0;
  try {
    const stored = await storeFile({
      path,
      url,
      ifAbsent: options.ifAbsent ?? false,
      preserve: options.preserve !== false,
      link,
      paced: Number.isFinite(uplinkBytesPerSecond),
      stallMs,
      mean: rate.mean,
      access,
      emit,
      signal,
      onStart: (bytes, resumedBytes) => {
        total = bytes;
        const facts = { bytes, pieces: 0, resumedBytes, verified: true };
        events.start({ ...facts, direction: 'sending' });
      },
      onSent: (bytes) => events.progress(bytes),
    });
    events.complete(showUrl(url), total);
    return stored;
  } catch (error) {
    const told = putFailure(error, url, signal);
    events.fail(told);
    throw told;
  } finally {
    ending.release();
    link.close();
  }
}

/** Sends what a stream holds, under the name that the URL ends in. @throws as putFile() does */
export function putInput(
  input: NodeJS.ReadableStream,
  options: Omit<PutOptions, 'path'>,
): Promise<Stored> {
  return withSpooled({ ...options, input }, (path) => putFile({ ...options, path }));
}

/** The error that the user gets for an upload that failed. */
export function putFailure(error: unknown, url: URL, signal: AbortSignal): unknown {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (!(reason instanceof SourceFailure)) return reason;
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${reason.message}`, { cause: reason });
}

export function uploadUrl(url: URL, path: string): URL {
  if (!url.pathname.endsWith('/')) return url;
  const target = new URL(url);
  target.pathname += encodeURIComponent(basename(path));
  return target;
}
