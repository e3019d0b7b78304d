// The hub as whoever asks may use it. What they may do is decided by the names that they
// give, and again by the names of the place where those lead: a link within the path of
// a token is no way out of that path.

import type { Root } from '../../root/root.ts';
import type { Access } from './access.ts';
import type { Caller } from './caller.ts';
import type { Scope } from './rights.ts';

interface Guarded {
  readonly access: Access;
  readonly root: Root;
}

/** The same hub over a root that checks each place before it is opened. */
export function ownView<Hub extends Guarded>(hub: Hub, caller: Caller, scope: Scope): Hub {
  const { access, root } = hub;
  if (access.allows(caller, scope, [])) return hub;
  const check = (segments: readonly string[], isDirectory: boolean): void => {
    if (scope === 'read' && isDirectory) access.checkListing(caller, segments);
    else access.check(caller, scope, segments);
  };
  return { ...hub, root: root.checkedBy(check) };
}
