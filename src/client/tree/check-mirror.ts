// The end of a mirror: removes what interrupted runs left and, on request, what the hub does not
// have; then compares what is here with what should be. Nothing is removed unless every directory
// was listed and every file came.

import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Differences } from './differences.ts';
import { type LocalTree, removePath, walkLocalTree } from './local-tree.ts';
import { TreeDifference, type WantedTree } from './tree-difference.ts';
import { deepestFirst } from './tree-path.ts';
import type { TreeRecord } from './tree-record.ts';

export interface MirrorToCheck {
  readonly local: LocalDirectory;
  readonly record: TreeRecord;
  readonly wanted: WantedTree;
  readonly differences: Differences;
  /** Whether all that should be here is known, and came. */
  readonly isKnown: boolean;
  readonly deleteExtras: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

interface Found extends Omit<LocalTree, 'entries'> {
  readonly difference: TreeDifference;
  /** Paths that were written to since they were compared. */
  readonly stale: readonly string[];
}

/** Resolves to the number of entries that the hub does not have and that were removed. */
export async function checkMirror(mirror: MirrorToCheck): Promise<number> {
  const { local, differences, isKnown, deleteExtras } = mirror;
  let found = await look(mirror);
  let removed = 0;
  if (isKnown) {
    for (const path of found.stagings) await remove(local, path);
    if (deleteExtras) removed = await removeExtras(mirror, found);
    if (found.stagings.length + removed > 0) found = await look(mirror);
  }
  const { difference, stale } = found;
  for (const path of difference.missing) differences.note(path, 'is missing');
  for (const [path, reason] of difference.wrong) differences.note(path, reason);
  for (const path of stale) differences.note(path, 'was changed while it was mirrored');
  if (deleteExtras) nameExtras(mirror, found);
  return removed;
}

/** Compares each entry as it is found. */
async function look({ local, record, wanted }: MirrorToCheck): Promise<Found> {
  const difference = new TreeDifference(wanted);
  const stale: string[] = [];
  const others = await walkLocalTree(local, (path, stats) => {
    difference.take(path, stats);
    if (record.isStale(path, stats)) stale.push(path);
  });
  return { difference, stale, ...others };
}

async function removeExtras(
  { local, emit, signal }: MirrorToCheck,
  { difference }: Found,
): Promise<number> {
  let removed = 0;
  for (const path of deepestFirst(difference.extras)) {
    signal.throwIfAborted();
    if (!(await remove(local, path))) continue;
    removed += 1;
    emit({ event: 'file_removed', path });
  }
  return removed;
}

/** An entry that cannot be removed is found and named by the comparison. */
function remove(local: LocalDirectory, path: string): Promise<boolean> {
  return removePath(local, path).then(
    () => true,
    () => false,
  );
}

function nameExtras(
  { differences, isKnown, emit }: MirrorToCheck,
  { difference, foreign }: Found,
): void {
  for (const [path, reason] of foreign) {
    emit({ event: 'warned', message: `${path}: left alone: ${reason}` });
  }
  const reason = isKnown
    ? 'is not on the hub, and could not be removed'
    : 'is not on the hub; nothing is removed while others could not be had';
  for (const path of difference.extras) differences.note(path, reason);
}

/** Gives directories their times, once nothing in them changes any more. */
export async function setTimes(
  local: LocalDirectory,
  times: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [path, modifiedMs] of times) {
    const segments = path === '' ? [] : path.split('/');
    // One that is not there was named already.
    await local.within(segments, (here) => here.setTime(modifiedMs)).catch(() => undefined);
  }
}
