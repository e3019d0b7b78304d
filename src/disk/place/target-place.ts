// The place that a person named for bytes: looked at before anything is written there.
//   - A link is followed to where it leads, as curl and wget do: the person named it. What
//     this program names itself (NAME.part) is never followed.
//   - A file is replaced in one step, and what replaces it has its mode and owner. The
//     set-id bits are not kept: they were given to other bytes.
//   - What is no regular file (a device, a pipe, an open descriptor such as /dev/stdout) is
//     written through; a socket is refused. Nothing waits in open(): a pipe without a reader
//     is an error at once.
import { randomBytes } from 'node:crypto';
import {
  constants,
  createWriteStream,
  fstatSync,
  open as openDescriptor,
  type Stats,
} from 'node:fs';
import { open, readlink, realpath, rename, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { isatty, WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { nameBeside } from '../../runtime/node/name-beside.ts';
import type { Handle } from '../file-system/file-calls.ts';
import { lstatIfAny, syncPath } from '../file-system/steps.ts';

export type TargetPlace =
  | { readonly kind: 'none' | 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats }
  | StreamPlace;

export interface StreamPlace {
  readonly kind: 'stream';
  readonly path: string;
  /** The descriptor, if it is open in this process already. */
  readonly descriptor: number | undefined;
}

/** Most links followed, as on Linux. */
const MAX_LINKS = 40;
const DESCRIPTOR = new RegExp(
  `^/(?:dev/fd|proc/(?:self|thread-self|${process.pid})/fd)/(\\d{1,9})$`,
);
const THROUGH = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** @throws HubswarmError ERR_EXISTS for a socket; what the file system says */
export async function lookAt(named: string): Promise<TargetPlace> {
  let path = resolve(named);
  for (let links = 0; links < MAX_LINKS; links++) {
    const descriptor = DESCRIPTOR.exec(path)?.[1];
    if (descriptor !== undefined) {
      return { kind: 'stream', path: named, descriptor: Number(descriptor) };
    }
    const stats = await lstatIfAny(path);
    if (!stats) return { kind: 'none', path };
    if (!stats.isSymbolicLink()) return describe(named, path, stats);
    path = await followed(path);
  }
  throw new HubswarmError('ERR_NOT_PERMITTED', `${named}: its links lead in a circle`);
}

function describe(named: string, path: string, stats: Stats): TargetPlace {
  if (stats.isFile()) return { kind: 'file', path, stats };
  if (stats.isDirectory()) return { kind: 'directory', path };
  if (!stats.isSocket()) return { kind: 'stream', path: named, descriptor: undefined };
  throw new HubswarmError('ERR_EXISTS', `${named}: is a socket; name a file, a pipe or a device`);
}

async function followed(path: string): Promise<string> {
  try {
    return resolve(await realpath(dirname(path)), await readlink(path));
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Opens a stream to the place. The caller gets the failures of its writes. */
export async function openStream({ path, descriptor }: StreamPlace): Promise<Writable> {
  // Use Node.js' own streams: two on one descriptor would mix their output.
  if (descriptor === 1) return process.stdout;
  if (descriptor === 2) return process.stderr;
  try {
    const fd = descriptor ?? (await promisify(openDescriptor)(path, THROUGH));
    const out = streamOf(fd, descriptor === undefined);
    out.on('error', () => undefined);
    return out;
  } catch (error) {
    const reason = { ENXIO: 'nobody reads there; start its reader first', EBADF: 'is not open' };
    const known = reason[systemCode(error) as keyof typeof reason];
    throw known ? new HubswarmError('ERR_NOT_FOUND', `${path}: ${known}`) : fileError(error, path);
  }
}

/**
 * Pipes and terminals are written by events: a write to a file would block a thread that signals do
 * not reach.
 */
function streamOf(fd: number, autoClose: boolean): Writable {
  const stats = fstatSync(fd);
  if (stats.isFIFO() || stats.isSocket()) {
    return new Socket({ fd, readable: false, writable: true });
  }
  return isatty(fd) ? new WriteStream(fd) : createWriteStream('', { fd, autoClose });
}

/** Gives a new file the mode and owner of the one that it is to replace. */
export async function adoptAccess(handle: Handle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat();
  let bits = mode & 0o777;
  if (own.uid !== uid || own.gid !== gid) {
    // Only root may change the owner; the group may be one of the user's.
    await handle
      .chown(uid, gid)
      .catch(() => handle.chown(own.uid, gid))
      .catch(() => {
        // Another group gets no more rights than everybody.
        bits &= 0o707 | ((bits & 0o007) << 3);
      });
  }
  await handle.chmod(bits);
}

/** Writes a small text to the place that the user named; a file is written whole or not at all. */
export async function putText(named: string, text: string): Promise<void> {
  const place = await lookAt(named);
  if (place.kind === 'stream') return writeThrough(await openStream(place), named, text);
  if (place.kind === 'directory') {
    throw new HubswarmError('ERR_EXISTS', `${named}: is a directory; name a file`);
  }
  const { path } = place;
  const partial = nameBeside(path, `.${randomBytes(8).toString('hex')}.part`);
  try {
    const handle = await open(partial, 'wx', place.kind === 'file' ? 0o600 : 0o666);
    try {
      await handle.writeFile(text);
      if (place.kind === 'file') await adoptAccess(handle, place.stats);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throw fileError(error, named);
  }
}

function writeThrough(out: Writable, named: string, text: string): Promise<void> {
  return new Promise((done, reject) => {
    const written = guarded('writing a file', (error?: unknown) => {
      if (error) reject(fileError(error, named));
      else done();
    });
    out.write(text, written);
  });
}
