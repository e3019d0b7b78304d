// hubswarm/client: fetches from hubs and other HTTP servers, and sends to hubs. For Node.js.
import './failures.ts';
import '../runtime/with-resolvers.ts';
import { Writable } from 'node:stream';
import { getFile } from '../client/download/get.ts';
import { Access } from '../client/http/access.ts';
import { getTree as mirrorTree } from '../client/tree/get-tree.ts';
import { type PutSummary, putDirectory } from '../client/tree/put-directory.ts';
import { fetchListing } from '../client/tree/remote/list.ts';
import { putFile } from '../client/upload/put.ts';
import { removeFile } from '../client/upload/remove.ts';
import { watchHub } from '../client/watch/watch.ts';
import { parseCid } from '../content/cid.ts';
import { systemClock } from '../runtime/clock.ts';
import { invariant } from '../runtime/invariant.ts';
import type { Event, EventName } from '../telemetry/event.ts';
import {
  type GetOptions,
  type GetTreeOptions,
  type Options,
  type PutOptions,
  type PutTreeOptions,
  readGet,
  readGetTree,
  readOptions,
  readPut,
  readPutTree,
  readUrl,
  readUrls,
  readWatch,
  type Url,
  type WatchOptions,
} from './client-options.ts';
import { emitTo } from './listener.ts';
import { callback, text } from './options.ts';

export type { PutSummary } from '../client/tree/put-directory.ts';
export { type ErrorCode, HubswarmError } from '../runtime/errors.ts';
export type { Event, EventName, Events } from '../telemetry/event.ts';
export type {
  GetOptions,
  GetTreeOptions,
  Options,
  PutOptions,
  PutTreeOptions,
  WatchOptions,
} from './client-options.ts';

export interface Fetched {
  /** '-' if the bytes were written to a stream. */
  readonly path: string;
  readonly bytes: number;
  /** Absent if the bytes could not be verified: no server named a CID. */
  readonly cid?: string;
}

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_MS = 30_000;

/**
 * Fetches one file, from one or several servers that have it, and verifies it piece by piece where a
 * server names its CID. What came stays after a failure, and the next call goes on there.
 *
 * @throws HubswarmError ERR_NO_SOURCE, ERR_REMOTE, ERR_EXISTS, ERR_HASH_MISMATCH, ERR_DISK_FULL ...
 */
export async function get(urls: Url | readonly Url[], options: GetOptions): Promise<Fetched> {
  const mirrors = readUrls(urls);
  const read = readGet('options', options);
  const { output, cid } = read;
  const isPath = typeof output === 'string';
  const heard = hear(read, 'transfer_completed');
  await getFile({
    ...shared(heard.options, mirrors),
    urls: mirrors,
    output: isPath ? output : '-',
    stdout: isPath ? process.stdout : copying(output),
    cid: cid === undefined ? undefined : parseCid('cid', cid),
    force: read.force,
    followMirrors: read.followMirrors,
    downlinkBytesPerSecond: read.downlinkBytesPerSecond,
  });
  const { path, bytes, cid: verified } = heard.last();
  return { path, bytes, ...(verified === undefined ? {} : { cid: verified }) };
}

/** Counts of files. */
export interface Mirrored {
  readonly fetched: number;
  readonly unchanged: number;
  readonly removed: number;
}

/**
 * Makes a local directory like one of a hub. Only what changed moves.
 *
 * @throws HubswarmError ERR_INCOMPLETE after events `path_differed` have named the paths that differ;
 * ERR_REMOTE, ERR_NO_SOURCE ...
 */
export async function getTree(
  url: Url,
  directory: string,
  options: GetTreeOptions = {},
): Promise<Mirrored> {
  const source = readUrl(url);
  const read = readGetTree('options', options);
  const heard = hear(read, 'tree_mirrored');
  await mirrorTree({
    ...shared(heard.options, [source]),
    url: source,
    directory: text('directory', directory),
    deleteExtras: read.remove ?? false,
    stdout: process.stdout,
    downlinkBytesPerSecond: read.downlinkBytesPerSecond,
  });
  const { fetched, unchanged, removed } = heard.last();
  return { fetched, unchanged, removed };
}

export interface Stored {
  readonly url: string;
  readonly etag: string | undefined;
}

/**
 * Sends one file to a hub that is writable, or to a server that takes PUT. A large upload that was cut
 * goes on where it was, if the hub offers that (tus).
 *
 * @param url if it ends in '/', the file's name is added
 * @throws HubswarmError ERR_REMOTE, ERR_SOURCE_CHANGED, ERR_NOT_FOUND, ERR_HASH_MISMATCH
 */
export async function put(path: string, url: Url, options: PutOptions = {}): Promise<Stored> {
  return putFile(putting(text('path', path), url, readPut('options', options)));
}

/** Makes a directory of a hub like a local one. Only what changed moves. @throws as put() */
export async function putTree(
  directory: string,
  url: Url,
  options: PutTreeOptions = {},
): Promise<PutSummary> {
  const read = readPutTree('options', options);
  const sent = putting(text('directory', directory), url, read);
  return putDirectory({ ...sent, remove: read.remove ?? false });
}

export interface ListedEntry {
  readonly name: string;
  readonly type: 'file' | 'directory';
  /** Bytes of a file. */
  readonly size?: number | undefined;
  /** ISO 8601. */
  readonly modified?: string | undefined;
  /** Root CID, if the hub has hashed this version. */
  readonly cid?: string | undefined;
  /** True for a symbolic link; the other fields describe its target. */
  readonly link?: boolean | undefined;
  /** Path on the hub, escaped; of a directory it ends in a slash. */
  readonly url: string;
}

/** One page of a listing. */
export interface Listing {
  /** Path on the hub, escaped, ends in a slash. */
  readonly path: string;
  /** Path of the next page, with its query. */
  readonly next?: string | undefined;
  /** True if entries are left out, here or on another page: they may be there all the same. */
  readonly incomplete?: boolean | undefined;
  readonly entries: readonly ListedEntry[];
}

/** Lists a directory of a hub. @throws HubswarmError ERR_REMOTE if there is no listing */
export async function list(url: Url, options: Options = {}): Promise<Listing> {
  const directory = readUrl(url);
  const { timeoutMs, signal, access } = shared(readOptions('options', options), [directory]);
  return fetchListing(directory, { stallMs: timeoutMs }, signal, access);
}

/** Deletes a file or an empty directory of a hub. @throws HubswarmError ERR_REMOTE */
export async function remove(url: Url, options: Options = {}): Promise<void> {
  const target = readUrl(url);
  return removeFile({ ...sending(readOptions('options', options), target), url: target });
}

/** What a hub tells: docs/hub.md lists the events. Fields of other versions are passed on. */
export interface HubEvent {
  /** As `file_added`, `file_changed`, `file_deleted`; `reset`: some were lost, look at the listing. */
  readonly event: string;
  /** Absent if the event cannot be asked for again. */
  readonly id?: string | undefined;
  /** ISO 8601. */
  readonly time?: string | undefined;
  readonly path?: string | undefined;
  readonly bytes?: number | undefined;
  readonly [field: string]: unknown;
}

/**
 * Watches a hub, or a file or directory of it, until `take` returns false. It connects again where it
 * was, and gives up after `timeoutMs` without a connection.
 *
 * @param take called with each event
 * @throws HubswarmError ERR_REMOTE, ERR_NO_SOURCE; the signal's reason
 */
export async function watch(
  url: Url,
  take: (event: HubEvent) => boolean,
  options: WatchOptions = {},
): Promise<void> {
  const target = readUrl(url);
  const read = readWatch('options', options);
  const { via = 'sse', only, after } = read;
  return watchHub({
    ...shared(read, [target]),
    url: target,
    via,
    only,
    after,
    take: callback('take', take),
    clock: systemClock,
  });
}

/** Hands on copies: a stream may keep what it was given, and a download uses its memory again. */
function copying(output: Writable): Writable {
  const copies = new Writable({
    write: (bytes: Uint8Array, _encoding, done) => {
      output.write(Buffer.from(bytes), done);
    },
  });
  // The write that failed reports it.
  copies.on('error', () => undefined);
  return copies;
}

function putting(path: string, url: Url, options: PutOptions) {
  const target = readUrl(url);
  const { ifAbsent, uplinkBytesPerSecond } = options;
  return { ...sending(options, target), path, url: target, ifAbsent, uplinkBytesPerSecond };
}

function sending(options: Options, url: URL) {
  const { timeoutMs: stallMs, ...rest } = shared(options, [url]);
  return { ...rest, stallMs };
}

/** Options as the rooms take them. */
function shared(options: Options, urls: readonly URL[]) {
  const { token, ca, fingerprints, timeoutMs = TIMEOUT_MS, onEvent } = options;
  return {
    access: new Access({ urls, token, ca, fingerprints }),
    timeoutMs,
    signal: options.signal ?? new AbortController().signal,
    emit: emitTo(onEvent),
  };
}

/** Options that keep the last event of one kind, for the result. */
function hear<O extends Options, N extends EventName>(options: O, name: N) {
  type Heard = Extract<Event, { event: N }>;
  let heard: Heard | undefined;
  // What the caller's own listener returns or throws is for emitTo() to see.
  const onEvent = (event: Event): unknown => {
    if (event.event === name) heard = event as Heard;
    return options.onEvent?.(event);
  };
  const last = (): Heard => {
    invariant(heard, `no ${name}`);
    return heard;
  };
  return { options: { ...options, onEvent }, last };
}
