// The hub as whoever asks may use it. What they may do is decided by the names that they
// give, and again by the names of the place where those lead: a link within the path of
// a token is no way out of that path.
import type { Exchange } from '../conversation/exchange.ts';
import type { Hub } from '../hall/hub.ts';
import type { Scope } from '../message/grant.ts';

export function ownView(hub: Hub, exchange: Exchange, scope: Scope): Hub {
  const { access, root } = hub;
  if (access.allows(exchange, scope, [])) return hub;
  const check = (segments: readonly string[], isDirectory: boolean): void => {
    if (scope === 'read' && isDirectory) access.checkListing(exchange, segments);
    else access.check(exchange, scope, segments);
  };
  return { ...hub, root: root.checkedBy(check) };
}
