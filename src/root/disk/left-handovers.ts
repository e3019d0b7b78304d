// What handovers of dead processes left (handover.ts). An old thing whose name is free gets it back.
// It is removed only if the very thing that was to take the name has it. In all other cases it stays
// where it is, and each start warns of it.
import { rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { lstatIfAny } from '../../disk/file-system/steps.ts';
import { describeError } from '../../runtime/errors.ts';
import type { Segments } from '../root.ts';
import { entriesOf } from './entries-of.ts';
import { type Above, giveBack, handoversIn, removeHandover } from './handover.ts';
import { inodeOf, readRecord } from './handover-record.ts';
import { lockUpload } from './upload-lock.ts';

type OpenParent = (place: Segments) => Promise<Above & { close(): Promise<void> }>;

/** Gives things their names back that a crash left without one. Never rejects. */
export async function mendHandovers(
  root: string,
  openParent: OpenParent,
  onWarning: (message: string) => void,
): Promise<void> {
  const keep = (directory: string, reason: string): void =>
    onWarning(`${relative(root, oldIn(directory))} is not put back, and stays there: ${reason}`);
  const each = async (directory: string): Promise<void> => {
    if (!(await lstatIfAny(oldIn(directory)))) return;
    const reason = await mend(directory, openParent);
    if (reason) keep(directory, reason);
  };
  await forEachLeft(root, each, (directory, error) => keep(directory, describeError(error)));
}

/** Warns of what mendHandovers() would look at, and touches nothing. Never rejects. */
export async function tellHandovers(
  root: string,
  onWarning: (message: string) => void,
): Promise<void> {
  for await (const { name } of entriesOf(handoversIn(root))) {
    const old = oldIn(join(handoversIn(root), name));
    if (!(await lstatIfAny(old).catch(() => undefined))) continue;
    onWarning(`${relative(root, old)} waits to be put back: start the hub with --writable`);
  }
}

/** Removes what is left of handovers that need nothing of it. Never rejects. */
export async function removeHandovers(root: string): Promise<void> {
  await forEachLeft(root, async (directory) => {
    if (!(await lstatIfAny(oldIn(directory)))) await removeHandover(directory);
  });
}

/** Resolves to why the old thing stays where it is; undefined if it is needed there no more. */
async function mend(directory: string, openParent: OpenParent): Promise<string | undefined> {
  const old = oldIn(directory);
  const record = await readRecord(directory);
  if (!record) return 'its record does not say where it was';
  const above = await openParent(record.place);
  try {
    const target = above.at(record.place.at(-1)!);
    if (await giveBack(old, target)) {
      await above.sync();
      return undefined;
    }
    // While it is there as `new`, nothing else has its inode.
    const isPlaced = !(await lstatIfAny(join(directory, 'new')));
    if (!isPlaced || (await inodeOf(target)) !== record.inode)
      return `something else is at ${record.place.join('/')}`;
    await above.sync();
    await rename(old, join(directory, 'gone'));
    return undefined;
  } finally {
    await above.close();
  }
}

const oldIn = (directory: string): string => join(directory, 'old');

/**
 * @param each gets the directory of a handover that no live process has
 * @param onFailure told of one that fails, which ends no other
 */
async function forEachLeft(
  root: string,
  each: (directory: string) => Promise<void>,
  onFailure: (directory: string, error: unknown) => void = () => undefined,
): Promise<void> {
  for await (const { name } of entriesOf(handoversIn(root))) {
    const directory = join(handoversIn(root), name);
    try {
      const lock = await lockUpload(directory);
      if (lock) await each(directory).finally(() => lock.release());
    } catch (error) {
      onFailure(directory, error);
    }
  }
}
