// The hub as whoever asks may use it. What they may do is decided by the names that they
// give, and again by the names of the place where those lead: a link within the path of
// a token is no way out of that path.
import type { Scope } from '../../hub/access/grant.ts';
import type { Exchange } from '../conversation/exchange.ts';
import type { ServedRoot } from '../root/served-root.ts';
import type { Access } from './access.ts';

interface Guarded {
  readonly access: Access;
  readonly root: ServedRoot;
}

/** The same hub over a root that checks each place before it is opened. */
export function ownView<Hub extends Guarded>(hub: Hub, exchange: Exchange, scope: Scope): Hub {
  const { access, root } = hub;
  if (access.allows(exchange, scope, [])) return hub;
  const check = (segments: readonly string[], isDirectory: boolean): void => {
    if (scope === 'read' && isDirectory) access.checkListing(exchange, segments);
    else access.check(exchange, scope, segments);
  };
  return { ...hub, root: root.checkedBy(check) };
}
