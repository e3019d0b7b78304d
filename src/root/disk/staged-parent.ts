// The parent of a name on whose way a file stands, in a root where that gives way. The directory is
// made aside (handover.ts), and takes the file's name once there is something in it.
import { constants } from 'node:fs';
import { openAnywhere } from '../../disk/file-system/file-calls.ts';
import { hasCode } from '../../runtime/errors.ts';
import type { Segments } from '../root.ts';
import { DiskDirectory, type RootOfDirectory } from './disk-directory.ts';
import type { DiskFile } from './disk-file.ts';
import { Handover } from './handover.ts';
import { versionOf } from './version-of.ts';

type Opened = DiskFile | DiskDirectory;

export interface OpeningRoot extends RootOfDirectory {
  /** @param beyond names below the directory for which it is opened */
  open(segments: Segments, beyond: Segments): Promise<Opened>;
}

/** Undefined if no file stands on the way. @throws Refusal as Root.parentOf() */
export async function stagedParent(
  root: OpeningRoot,
  segments: Segments,
): Promise<DiskDirectory | undefined> {
  const parent = segments.slice(0, -1);
  let above: DiskDirectory | undefined;
  for (let depth = 0; depth <= parent.length; depth++) {
    const opened = await openIfAny(root, segments, depth).catch(async (error: unknown) => {
      await above?.close();
      throw error;
    });
    if (opened?.kind === 'directory') {
      await above?.close();
      above = opened;
      continue;
    }
    await opened?.close();
    if (opened) return await stage(root, above!, parent.slice(depth - 1));
    break;
  }
  await above?.close();
  return undefined;
}

async function openIfAny(
  root: OpeningRoot,
  segments: Segments,
  depth: number,
): Promise<Opened | undefined> {
  try {
    return await root.open(segments.slice(0, depth), segments.slice(depth));
  } catch (error) {
    if (hasCode(error, 'ERR_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** @param names that of the file, and those of the directories below it */
async function stage(
  root: OpeningRoot,
  above: DiskDirectory,
  names: Segments,
): Promise<DiskDirectory> {
  const [asked = '', ...below] = names;
  let handover: Handover | undefined;
  const close = async (): Promise<void> => {
    await handover?.close();
    await above.close();
  };
  try {
    const name = await above.spelled(asked);
    const place = [...above.place, name];
    await above.checkGivesWay(name);
    const begun = await Handover.begin(root.path, above, name);
    handover = begun;
    const path = await begun.makeNew(below);
    const { handle, stats } = await openAnywhere(path, constants.O_RDONLY);
    const commit = (): Promise<void> => begun.placeNew(root.gives!);
    return new DiskDirectory({
      root,
      handle,
      path,
      place: [...place, ...below],
      version: versionOf(stats),
      stage: { commit, close },
    });
  } catch (error) {
    await close();
    throw error;
  }
}
