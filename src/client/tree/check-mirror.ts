// The end of a mirror: removes what interrupted runs left and, on request, what the hub does not
// have; then compares what is here with what should be. Nothing is removed unless every directory
// was listed and every file came.

import type { LocalDirectory } from '../../disk/file-system/local-directory.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Differences } from './differences.ts';
import { type LocalTree, readLocalTree, removePath } from './local-tree.ts';
import { differencesOf, extrasOf, type WantedTree } from './tree-difference.ts';
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

/** Resolves to the number of entries that the hub does not have and that were removed. */
export async function checkMirror(mirror: MirrorToCheck): Promise<number> {
  const { local, record, wanted, differences, isKnown, deleteExtras } = mirror;
  let found = await readLocalTree(local);
  let removed = 0;
  if (isKnown) {
    for (const path of found.stagings) await remove(local, path);
    if (deleteExtras) removed = await removeExtras(mirror, found);
    if (found.stagings.length + removed > 0) found = await readLocalTree(local);
  }
  for (const [path, reason] of differencesOf(found.entries, wanted)) {
    differences.note(path, reason);
  }
  for (const [path, stats] of found.entries) {
    if (record.isStale(path, stats)) differences.note(path, 'was changed while it was mirrored');
  }
  if (deleteExtras) nameExtras(mirror, found);
  return removed;
}

async function removeExtras(
  { local, wanted, emit, signal }: MirrorToCheck,
  { entries }: LocalTree,
): Promise<number> {
  let removed = 0;
  for (const path of deepestFirst(extrasOf(entries, wanted))) {
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
  { wanted, differences, isKnown, emit }: MirrorToCheck,
  { entries, foreign }: LocalTree,
): void {
  for (const [path, reason] of foreign) {
    emit({ event: 'warned', message: `${path}: left alone: ${reason}` });
  }
  const reason = isKnown
    ? 'is not on the hub, and could not be removed'
    : 'is not on the hub; nothing is removed while others could not be had';
  for (const path of extrasOf(entries, wanted)) differences.note(path, reason);
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
