// Removes a name: a file, a symbolic link (itself, not its target), or an empty directory. Removals
// and publications (publication.ts) of one name go one after another. The name is removed from the
// open directory that was checked (root/root.ts). A gap remains: a file that another program puts
// there between the check of the condition and the unlink is removed as well, since no file system
// removes a name on a condition.

import { withOpen } from '../../root/opened.ts';
import type { Segments } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Access } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import { ownView } from '../access/own-view.ts';
import type { Condition } from './condition.ts';
import { type ChangingHub, changeName, checkCondition } from './publication.ts';

export interface Removal {
  readonly segments: Segments;
  /** Whether the request means a directory only. */
  readonly ofDirectory: boolean;
  /** Condition of the removal; undefined removes any version. */
  readonly condition: Condition | undefined;
  readonly caller: Caller;
  /** Address of the caller, for the event. */
  readonly remote: string;
}

/**
 * @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_PRECONDITION, ERR_CONFLICT for a directory
 * that is not empty, and as Access.check()
 */
export async function remove(
  whole: ChangingHub & { readonly access: Access },
  removal: Removal,
): Promise<void> {
  const { segments, caller, remote } = removal;
  const hub = ownView(whole, caller, 'delete');
  hub.access.check(caller, 'delete', segments);
  const name = segments.at(-1);
  if (name === undefined)
    throw new Refusal('ERR_NOT_PERMITTED', 'the root itself cannot be deleted');
  await withOpen(hub.root.parentOf(segments, false), async (directory) => {
    await changeName(hub.root, [...directory.place, name], async () => {
      await checkRemovable(hub, removal);
      hub.uploads.quota.handleChange(-(await directory.remove(name)));
    });
  });
  hub.emit({ event: 'file_deleted', path: segments.join('/'), remote });
}

/** @throws Refusal ERR_NOT_PERMITTED, ERR_NOT_FOUND, ERR_PRECONDITION */
async function checkRemovable(
  hub: ChangingHub,
  { segments, ofDirectory, condition }: Removal,
): Promise<void> {
  await withOpen(hub.root.open(segments), async (existing) => {
    if (ofDirectory && existing.kind === 'file')
      throw new Refusal('ERR_NOT_FOUND', 'not a directory');
    await checkCondition(hub, existing, condition);
  });
}
