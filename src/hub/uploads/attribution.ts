// Changes what a file is beside its bytes, or the time of a directory: for who has found that the
// bytes are the same already. It goes in turn with the other changes of the name.

import type { FileAttributes } from '../../content/attributes.ts';
import { withOpen } from '../../root/opened.ts';
import type { Segments, Version } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Entry } from '../catalogue/catalogue.ts';
import type { Condition } from './condition.ts';
import { type ChangingHub, changeName, checkCondition } from './publication.ts';

export interface Attribution {
  readonly segments: Segments;
  /** Whether the request means a directory only. */
  readonly ofDirectory: boolean;
  /** Condition of the change; undefined changes any version. */
  readonly condition: Condition | undefined;
  readonly attributes: FileAttributes;
}

export interface Attributed {
  readonly version: Version;
  /** Entry of the file; undefined for a directory, and while the file is hashed again. */
  readonly entry: Entry | undefined;
}

/** @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_PRECONDITION */
export async function setAttributes(
  hub: ChangingHub,
  { segments, ofDirectory, condition, attributes }: Attribution,
): Promise<Attributed> {
  return withOpen(hub.root.open(segments), async (there) => {
    if (ofDirectory && there.kind === 'file') throw new Refusal('ERR_NOT_FOUND', 'not a directory');
    const changed = await changeName(hub.root, there.place, async () => {
      await checkCondition(hub, there, condition);
      return hub.root.setAttributes(segments, attributes, there.version.stamp);
    });
    const { version } = changed;
    // A write at that moment may have left no trace in the times: so the file is hashed again.
    const entry = version.kind === 'file' ? await hub.catalogue.nameOf(changed) : undefined;
    return { version, entry };
  });
}
