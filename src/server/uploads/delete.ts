// DELETE /files/<path> (RFC 9110 section 9.3.5): a file, a symbolic link (itself,
// not what it leads to), or a directory that is empty. Held against the same
// preconditions as an upload, in the same order of changes. The name is removed
// from the directory that was checked, through its descriptor (directory.ts); what
// remains: a file that another program puts in its place between the check of the
// conditions and the unlink goes with it, since no file system removes a name on
// the condition of what it names.
import { lstat, rmdir, unlink } from 'node:fs/promises';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal, Refusal } from '../../runtime/refusal.ts';
import { ownView } from '../access/own-view.ts';
import type { Exchange } from '../conversation/exchange.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { Directory } from '../root/directory.ts';
import { changeName, checkConditions } from './publication.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** @param rest what follows `/files/`. @throws Refusal */
export async function answerDelete(
  whole: UploadsHub,
  exchange: Exchange,
  rest: string,
): Promise<void> {
  const hub = ownView(whole, exchange.caller, 'delete');
  const { segments, trailingSlash } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(exchange.caller, 'delete', segments);
  const name = segments.at(-1);
  if (name === undefined)
    throw new Refusal('ERR_NOT_PERMITTED', 'the root itself cannot be deleted');
  const directory = await Directory.open(hub.root, segments.slice(0, -1), [name]);
  try {
    await changeName(directory, name, async () => {
      await checkDeletable(hub, exchange, segments, trailingSlash);
      hub.uploads.quota.handleChange(-(await remove(directory, name)));
      await directory.sync();
    });
  } finally {
    await directory.close();
  }
  hub.emit({ event: 'file_deleted', path: segments.join('/'), remote: exchange.caller.remote });
  exchange.res.writeHead(204).end();
}

/** @throws Refusal ERR_NOT_PERMITTED, ERR_NOT_FOUND, ERR_PRECONDITION */
async function checkDeletable(
  hub: UploadsHub,
  { req }: Exchange,
  segments: readonly string[],
  trailingSlash: boolean,
): Promise<void> {
  const existing = await hub.root.open(segments);
  try {
    // A directory has no tag, so that only '*' can hold.
    if (existing.stats.isDirectory()) checkDirectory(req.headers);
    else if (trailingSlash) throw new Refusal('ERR_NOT_FOUND', 'not a directory');
    else await checkConditions(hub, existing, req.headers);
  } finally {
    await existing.handle.close();
  }
}

function checkDirectory(headers: Exchange['req']['headers']): void {
  const matched = headers['if-match'] === undefined || headers['if-match'].trim() === '*';
  if (matched && headers['if-none-match']?.trim() !== '*') return;
  throw new Refusal('ERR_PRECONDITION', 'a directory has no version');
}

/** Resolves to the bytes that are free now. */
async function remove(directory: Directory, name: string): Promise<number> {
  const path = directory.at(name);
  try {
    const stats = await lstat(path);
    if (!stats.isDirectory()) {
      await unlink(path);
      // Another hard link keeps the bytes.
      return stats.isFile() && stats.nlink === 1 ? stats.size : 0;
    }
    await rmdir(path);
    return 0;
  } catch (error) {
    const full = ['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '');
    if (full) throw new Refusal('ERR_CONFLICT', 'the directory is not empty');
    throw fileRefusal(error);
  }
}
