// Where a download goes. A file that the user named is replaced, in one step, when the download is
// complete; what is no file is written through. A name that a server suggested replaces nothing,
// except a file with --force.
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { lstatIfAny } from '../../disk/file-system/steps.ts';
import { lookAt, openStream } from '../../disk/place/target-place.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Outlet } from './write-out.ts';

export type Target =
  | {
      readonly kind: 'stream';
      /** The path for messages: '-' for standard output. */
      readonly path: string;
      readonly out: Writable;
      /** Whether this transfer opened the stream and must close it. */
      readonly isOwn: boolean;
    }
  | { readonly kind: 'file'; readonly path: string; readonly overwrite: boolean };

/** @param output as given with -o: a file, a directory that exists, or '-'. */
export async function chooseTarget(
  output: string | undefined,
  derivedName: string,
  force: boolean,
  stdout: Writable,
): Promise<Target> {
  if (output === '-') return { kind: 'stream', path: '-', out: stdout, isOwn: false };
  if (output === undefined) return derived(resolve(derivedName), force);
  const place = await lookAt(output);
  if (place.kind === 'directory' || output.endsWith('/')) {
    return derived(resolve(join(output, derivedName)), force);
  }
  if (place.kind !== 'stream') return { kind: 'file', path: place.path, overwrite: true };
  const isOwn = place.descriptor === undefined;
  return { kind: 'stream', path: output, out: await openStream(place), isOwn };
}

/** The outlet of a transfer that goes to no file. */
export function outletOf(
  { path, out }: Target & { readonly kind: 'stream' },
  signal: AbortSignal,
): Outlet {
  return { out, name: path === '-' ? 'standard output' : path, signal };
}

async function derived(path: string, overwrite: boolean): Promise<Target> {
  const there = overwrite ? await lstatIfAny(path) : undefined;
  if (!there || there.isFile() || there.isSymbolicLink()) return { kind: 'file', path, overwrite };
  throw new HubswarmError('ERR_EXISTS', `${path}: is no file; give -o to name another`);
}
