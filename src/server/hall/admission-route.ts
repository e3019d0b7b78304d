// GET /.well-known/hubswarm-admission: the token of a request opens what it may read to a peer
// (api/hub-admission.ts).
import { ADMISSION_PATH } from '../../api/hub-admission.ts';
import { TokenRefusal } from '../../hub/access/token-refusal.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { ROUTES } from '../message/routes.ts';
import type { Hub } from './hub.ts';

/** Longest value of the query. Chosen: a CID has 59 characters, a challenge 43. */
const MOST_CHARACTERS = 256;

/** False for another name below /.well-known/, and if the hub admits nobody. */
export async function answerAdmission(
  { swarm, access }: Pick<Hub, 'swarm' | 'access'>,
  conversation: Conversation,
  rest: string,
): Promise<boolean> {
  if (`${ROUTES.wellKnown.path}/${rest}` !== `/${ADMISSION_PATH}`) return false;
  if (!swarm || !access.takesTokens) return false;
  const { caller, target } = conversation;
  // Who has no token learns the same whatever is asked for.
  if (!caller.rights) throw TokenRefusal.missing('read');
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  const peer = textIn(query, 'peer');
  const cid = textIn(query, 'cid');
  if (peer === undefined || cid === undefined) {
    throw new HttpFailure(400, 'peer and cid are needed in the query');
  }
  const challenge = textIn(query, 'challenge');
  const answer = await swarm.admit({
    caller,
    peer,
    cid,
    challenge,
    proof: textIn(query, 'proof'),
  });
  if (!answer) throw new HttpFailure(404, 'nothing that this token opens, or no proof');
  conversation.res.setHeader('Cache-Control', 'no-store');
  conversation.reply(200, 'application/json; charset=utf-8', `${JSON.stringify(answer)}\n`);
  return true;
}

function textIn(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (value.length > MOST_CHARACTERS) throw new HttpFailure(400, `${name} is too long`);
  return value;
}
