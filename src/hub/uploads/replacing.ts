// A change that also lets something of another kind give way: what goes with it is a removal, by the
// caller's rights and for the quota and the feed.
import type { Replacing } from '../../root/root.ts';
import type { Access } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import type { ChangingHub } from './publication.ts';

/** @param caller with its address, for the events */
export function replacing<Hub extends ChangingHub & { readonly access: Access }>(
  hub: Hub,
  caller: Caller & { readonly remote: string },
  directories: Replacing['directories'],
): Hub {
  const { access, uploads, emit } = hub;
  const root = hub.root.replacing({
    directories,
    check: (place) => access.check(caller, 'delete', place),
    onRemoved: (place, freedBytes) => {
      uploads.quota.handleChange(-freedBytes);
      emit({ event: 'file_deleted', path: place.join('/'), remote: caller.remote });
    },
  });
  return { ...hub, root };
}
