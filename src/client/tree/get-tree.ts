// Mirrors a hub's directory, and all below it, into a local one. Here is what the transfer as a
// whole uses (link, connections, events); tree-mirror.ts makes the mirror.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import { ProcessLink } from '../../link/process-link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { LinkedAbort } from '../../runtime/linked-abort.ts';
import { getFile } from '../download/get.ts';
import { askHead } from '../http/ask-head.ts';
import { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { hintOfFiles } from '../mirrors/hub-hint.ts';
import { TransferEvents } from '../mirrors/transfer-events.ts';
import { readRemoteTree } from './remote/remote-tree.ts';
import { selectTree } from './select-tree.ts';
import { type GetTreeOptions, TreeMirror, type TreeMirrorParts } from './tree-mirror.ts';
import { TreeRecord } from './tree-record.ts';

/** @throws HubswarmError; complete files stay, and the next call goes on there */
export async function getTree(options: GetTreeOptions): Promise<void> {
  const link = new ProcessLink(options.emit, options);
  const { timeoutMs: stallMs, minBytesPerSecond, access } = options;
  const http = new HttpClient({ stallMs, minBytesPerSecond, access });
  const ending = new LinkedAbort([options.signal, http.slow]);
  const { signal } = ending;
  const events = new TransferEvents(options.url.pathname, options.emit, systemClock);
  try {
    await mirrorTree({ ...options, signal }, { http, link }, events);
  } catch (error) {
    const reason = reasonOf(options.url, signal.aborted ? signal.reason : error);
    events.fail(reason);
    throw reason;
  } finally {
    ending.release();
    http.close();
    link.close();
  }
}

async function mirrorTree(
  options: GetTreeOptions,
  shared: TreeMirrorParts['shared'],
  events: TransferEvents,
): Promise<void> {
  const root = new URL(options.url);
  if (!root.pathname.endsWith('/')) root.pathname += '/';
  const { http } = shared;
  const listed = await readRemoteTree({ ...options, http }, root).catch(async (error: unknown) => {
    if (await isFile(options, http, error)) return undefined;
    throw await withHint(options, http, error);
  });
  if (!listed) return getInto(options, shared);
  const tree = options.select ? selectTree(listed, options.select) : listed;
  const local = await LocalDirectory.make(resolve(options.directory));
  try {
    const record = await TreeRecord.read(local);
    await new TreeMirror({ options, shared, events, tree, listed, local, record }).run();
  } finally {
    await local.close();
  }
}

/** Whether the URL names a file: nothing is found below it, and something at it. */
async function isFile(
  { url, signal }: GetTreeOptions,
  http: HttpClient,
  error: unknown,
): Promise<boolean> {
  const isMissing = error instanceof SourceFailure && error.status === 404;
  if (!isMissing || url.pathname.endsWith('/')) return false;
  return (await askHead(http, { url, signal }))?.status === 200;
}

/** As `cp -r FILE DIR`. */
async function getInto(options: GetTreeOptions, shared: TreeMirrorParts['shared']): Promise<void> {
  const { url, directory, emit } = options;
  emit({ event: 'warned', message: `${showUrl(url)} is a file: it is fetched into ${directory}` });
  await mkdir(directory, { recursive: true });
  await getFile({ ...options, urls: [url], output: directory, shared });
}

async function withHint(
  { url }: GetTreeOptions,
  http: HttpClient,
  error: unknown,
): Promise<unknown> {
  const hint = await hintOfFiles(http, url, error);
  if (hint === undefined) return error;
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${(error as Error).message}: ${hint}`);
}

function reasonOf(url: URL, error: unknown): unknown {
  if (!(error instanceof SourceFailure)) return error;
  return new HubswarmError('ERR_REMOTE', `${showUrl(url)}: ${error.message}`, { cause: error });
}
