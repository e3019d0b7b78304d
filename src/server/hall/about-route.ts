// GET /.well-known/hubswarm: what the hub tells of itself to anybody (api/about-hub.ts).
import { ABOUT_HUB_PATH, type AboutHub } from '../../api/about-hub.ts';
import { normalAddress } from '../../hub/access/address-rules.ts';
import { SCOPE, type Scope, scopeOfIp } from '../../runtime/node/scope.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { ROUTES } from '../message/routes.ts';
import type { Hub } from './hub.ts';

/** Chosen: a hub that came back elsewhere is found again soon. */
const MAX_AGE_SECONDS = 60;

/** False for another name below /.well-known/. */
export function answerAbout(
  hub: Pick<Hub, 'swarm'>,
  conversation: Conversation,
  rest: string,
): boolean {
  if (`${ROUTES.wellKnown.path}/${rest}` !== `/${ABOUT_HUB_PATH}`) return false;
  const swarm = hub.swarm?.told(scopeOf(conversation));
  const about: AboutHub = { version: 1, files: `..${ROUTES.files.path}/`, ...(swarm && { swarm }) };
  // Which addresses are told depends on who asks.
  const sharing = swarm ? 'private, ' : '';
  conversation.res.setHeader('Cache-Control', `${sharing}max-age=${MAX_AGE_SECONDS}`);
  const type = 'application/json; charset=utf-8';
  conversation.reply(200, type, `${JSON.stringify(about)}\n`);
  return true;
}

/** Behind a proxy that is not trusted, anybody may ask. */
function scopeOf({ caller, req }: Conversation): Scope {
  const isNamed = caller.address !== req.socket.remoteAddress;
  if (caller.isPassedOn && !isNamed) return SCOPE.everywhere;
  return scopeOfIp(normalAddress(caller.address)) ?? SCOPE.everywhere;
}
