// The hub as one caller may use it. The caller's rights are checked for the path in the request,
// and again for the real path that it leads to: a link inside a token's path does not lead out of
// that path.

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
