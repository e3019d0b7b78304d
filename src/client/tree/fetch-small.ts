// Fetches a small file of a mirror by one request: if its CID is that of one piece, the file's own
// bytes are all that is needed to verify it. Nothing is synced here: many such files are synced
// together, before they get their names.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { decodeCid, isRawCid, matchesCid } from '../../content/cid.ts';
import type { Link } from '../../link/link.ts';
import { fileError, HubswarmError } from '../../runtime/errors.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import type { RemoteFile } from './remote-tree.ts';

/** Longer files may go on where they were cut off. Chosen: two pieces of the default length. */
const MOST_BYTES = 128 * 1024;

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
const WRITE = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;

export interface SmallFetch {
  readonly http: HttpClient;
  readonly link: Link;
  readonly signal: AbortSignal;
  /** Where it is written; nothing else may have that name. */
  readonly path: string;
  readonly mode: number;
}

/**
 * False, with nothing written, if the file is not small, or the answer is not what was listed: then
 * it is to be fetched with all patience.
 *
 * @throws HubswarmError of the file system; the signal's reason
 */
export async function fetchSmall(
  { url, bytes, cid: listed }: RemoteFile,
  { http, link, signal, path, mode }: SmallFetch,
): Promise<boolean> {
  const cid = listed === undefined ? undefined : decodeCid(listed);
  if (!cid || !isRawCid(cid) || bytes === undefined || bytes > MOST_BYTES) return false;
  let body: Uint8Array;
  try {
    body = await http.getBytes(url, MOST_BYTES, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceFailure) return false;
    throw error;
  }
  if (!matchesCid(cid, body)) return false;
  await link.receive(body.length, signal);
  await write(path, mode, body);
  return true;
}

async function write(path: string, mode: number, bytes: Uint8Array): Promise<void> {
  try {
    const handle = await open(path, WRITE, mode);
    try {
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0);
      if (bytesWritten === bytes.length) return;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, path);
  }
  throw new HubswarmError('ERR_DISK_FULL', `${path}: could not be written whole`);
}
