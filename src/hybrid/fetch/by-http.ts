// Fetches by HTTP alone: a file from its mirrors, or a hub's directory.
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { DownloadRecords } from '../../client/download/download-records.ts';
import { getFile } from '../../client/download/get.ts';
import type { GetOptions as FileOptions } from '../../client/download/get-options.ts';
import { tryDecode } from '../../client/http/url.ts';
import { getTree as mirrorTree } from '../../client/tree/get-tree.ts';
import { nameFault } from '../../content/file-name.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import type { Run } from '../with-peer.ts';
import type { GetOptions } from './get-options.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_MS = 30_000;

/** @param cid that the file must have; if left out, the one that the servers name */
export async function getFiles(
  urls: readonly URL[],
  options: GetOptions,
  run: Run,
  cid?: CID,
): Promise<void> {
  await getFile(await fileOptionsOf(urls, options, run, cid));
}

/** What the client is asked for. */
export async function fileOptionsOf(
  urls: readonly URL[],
  options: GetOptions,
  { emit, signal }: Run,
  cid?: CID,
): Promise<FileOptions> {
  const { out, force, stdout } = options;
  return {
    urls,
    output: out,
    makesDirectory: out !== '-',
    cid,
    force,
    records: new DownloadRecords(join(userDirectory('cache'), 'downloads')),
    ...ratesOf(options),
    access: await options.access(urls),
    stdout,
    emit,
    signal,
  };
}

/** Into a directory with the name of the hub's one, or of the hub for its root. */
export async function getTree(url: URL, options: GetOptions, { emit, signal }: Run): Promise<void> {
  const { out, stdout } = options;
  if (out === '-') {
    throw new HubswarmError(
      'ERR_USAGE',
      `--out: '-' takes one file, and ${url.href} is a directory`,
    );
  }
  await mirrorTree({
    url,
    directory: join(out, directoryName(url)),
    deleteExtras: false,
    select: options.wants,
    ...ratesOf(options),
    access: await options.access([url]),
    stdout,
    emit,
    signal,
  });
}

const ratesOf = ({ uplink, downlink, timeoutMs = TIMEOUT_MS, ...rates }: GetOptions) => ({
  uplinkBytesPerSecond: uplink,
  downlinkBytesPerSecond: downlink,
  timeoutMs,
  minBytesPerSecond: rates.minBytesPerSecond,
});

function directoryName({ pathname, hostname }: URL): string {
  const [last = ''] = pathname.split('/').slice(-2);
  const name = pathname.endsWith('/files/') ? hostname : (tryDecode(last) ?? last);
  return nameFault(name) === undefined && !name.startsWith('.') ? name : hostname;
}
