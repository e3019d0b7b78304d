// Makes the manifest of what a peer is to share: hashes what has changed since the last time, tells
// how far it is, and names what has to be left out.
import { resolve } from 'node:path';
import { HashedFiles } from '../disk/import/hashed-files.ts';
import { type Imported, type ImportOptions, importPath } from '../disk/import/import.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Emit, Event } from '../telemetry/event.ts';
import { hashingProgress } from './hashing-progress.ts';

export interface ShareOptions
  extends Pick<ImportOptions, 'pieceLength' | 'preserve' | 'links' | 'onLeftOut' | 'signal'> {
  /** Whether to hash all files, also those that have not changed since they were. */
  readonly check?: boolean | undefined;
}

interface Sharer {
  readonly clock: Pick<Clock, 'now'>;
  readonly emit: Emit;
  /** Directory of what files of this peer hashed to. */
  readonly hashedDir: string;
}

/** What was made of a path. */
export interface Shared {
  readonly imported: Imported;
  /** Number of entries left out, if `onLeftOut` allows that. */
  readonly leftOut: number;
}

/**
 * What was hashed is kept for the next start, also if it is stopped: that one goes on behind the last
 * whole file.
 */
export async function importShared(
  { clock, emit, hashedDir }: Sharer,
  path: string,
  { check = false, onLeftOut, ...options }: ShareOptions,
): Promise<Shared> {
  let leftOut = 0;
  const note = (left: string, message: string): void => {
    leftOut++;
    emit({ event: 'path_left_out', path: left, message });
    onLeftOut?.(left, message);
  };
  const hashed = await HashedFiles.open(hashedDir, resolve(path), check);
  const warnUnkept = (error: unknown): void => {
    const message = `hashes are not kept for the next start: ${describeError(error)}`;
    emit({ event: 'warned', message });
  };
  try {
    const imported = await importPath(path, {
      ...options,
      hashed,
      onProgress: hashingProgress(clock, emit, path),
      onLeftOut: onLeftOut && note,
    });
    await hashed.save().catch(warnUnkept);
    return { imported, leftOut };
  } catch (error) {
    await hashed.saveUnfinished().catch(warnUnkept);
    throw error;
  }
}

/** What is told when it is served. */
export function fileShared({ imported: { manifest, name }, leftOut }: Shared): Event {
  return {
    event: 'file_shared',
    cid: manifest.root.toString(),
    name,
    bytes: manifest.geometry.totalLength,
    pieces: manifest.geometry.pieceCount,
    pieceLength: manifest.geometry.maxLength,
    ...(leftOut > 0 ? { leftOut } : {}),
  };
}
