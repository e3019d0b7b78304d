// Opens an edge: its directory, which no other edge may hold; the files of an earlier run; and its
// origin. The origin must be a hub, since a server without CIDs cannot be checked, but it may be
// down.
import { join } from 'node:path';
import type { Access } from '../client/http/access.ts';
import { HttpClient } from '../client/http/http-client.ts';
import { SourceFailure } from '../client/http/source-failure.ts';
import { showUrl } from '../client/http/url.ts';
import type { Link } from '../link/link.ts';
import { describeError, HubswarmError, hasCode } from '../runtime/errors.ts';
import { lockDirectory, type Release } from '../runtime/node/directory-lock.ts';
import { makeDirectory } from '../runtime/node/make-directory.ts';
import type { Emit } from '../telemetry/event.ts';
import { Cache } from './cache.ts';
import { Edge } from './edge.ts';
import { Origin } from './origin.ts';
import { PathIndex } from './path-index.ts';

export interface EdgeOptions {
  /** URL of the origin; ends in a slash. */
  readonly url: URL;
  /** Directory of the edge; made if it is missing. Other files in its `files` are removed. */
  readonly directory: string;
  readonly sizeBytes: number;
  /** Milliseconds for which a copy is served after a comparison without asking the origin. */
  readonly ttlMs: number;
  /** Token for the origin, and the certificates that prove it. */
  readonly access?: Access | undefined;
  /** Milliseconds for which the origin may send nothing. */
  readonly patienceMs?: number | undefined;
  readonly maxOpenFiles?: number | undefined;
}

/** Folder of the cached bytes in the directory. */
const FILES = 'files';
/** The same as a client's default --timeout. */
const PATIENCE_MS = 30_000;
/** Longest wait for the origin at the start. Chosen. */
const CHECK_WITHIN_MS = 5000;

/** @throws HubswarmError ERR_REMOTE (no hub), ERR_NOT_PERMITTED and what the file system says */
export async function openEdge(
  options: EdgeOptions,
  { link, emit }: { link: Link; emit: Emit },
): Promise<Edge> {
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  const { access } = options;
  const release = await lockOwn(options.directory, emit);
  const http = new HttpClient({
    stallMs: patienceMs,
    exacting: true,
    minBytesPerSecond: 0,
    access,
  });
  const origin = new Origin({ url: options.url, http, link });
  const stopping = new AbortController();
  try {
    await checkOrigin(origin, emit);
    const directory = join(options.directory, FILES);
    await makeDirectory(directory, 0o700);
    const index = await PathIndex.open(join(directory, 'index.json'));
    const { maxOpenFiles } = options;
    const { signal } = stopping;
    const context = { directory, origin, emit, patienceMs, signal, maxOpenFiles };
    const cache = await Cache.open(context, options.sizeBytes, index.lastUse());
    const { ttlMs } = options;
    return new Edge({ origin, cache, index, emit, stopping, patienceMs, ttlMs, release });
  } catch (error) {
    http.close();
    await release();
    throw error;
  }
}

/** Two edges would remove each other's files. @throws HubswarmError ERR_NOT_PERMITTED */
async function lockOwn(directory: string, emit: Emit): Promise<Release> {
  await makeDirectory(directory, 0o700);
  const warn = (message: string): void => emit({ event: 'warned', message });
  const lock = await lockDirectory(directory, { warn });
  if ('release' in lock) return lock.release;
  throw new HubswarmError(
    'ERR_NOT_PERMITTED',
    `--cache-dir: ${directory} is used by another edge that runs (${lock.heldBy}); give each a directory of its own`,
  );
}

async function checkOrigin(origin: Origin, emit: Emit): Promise<void> {
  try {
    await origin.checkIsHub(AbortSignal.timeout(CHECK_WITHIN_MS));
  } catch (error) {
    // The origin answered, and is no hub, or not the right one.
    if (error instanceof HubswarmError && !(error instanceof SourceFailure)) throw error;
    const reason = hasCode(error, 'ERR_REMOTE') ? describeError(error) : 'did not answer in time';
    emit({ event: 'source_failed', remote: origin.shown, reason });
  }
}

/** @throws HubswarmError ERR_USAGE */
export function checkOriginUrl(url: URL): URL {
  // Below a prefix too, where a proxy shows the hub.
  if (url.pathname.endsWith('/') && !url.pathname.includes('/files/') && url.search === '')
    return url;
  throw new HubswarmError(
    'ERR_USAGE',
    `--cache: '${showUrl(url)}' is not accepted; give the address of a hub, with a slash at its end (as in http://10.0.0.1:8080/)`,
  );
}
