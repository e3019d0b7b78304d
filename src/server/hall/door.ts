// Admits or refuses every request, WebSockets too, before its route. The route decides the rest.

import { guarded } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { framingFailure } from '../message/request-framing.ts';
import { targetPath } from '../message/request-path.ts';
import { routeOf } from '../message/routes.ts';
import { TUS_VERSION } from '../message/tus-headers.ts';
import type { Hub } from './hub.ts';

/** Never throws. A token that was seen before is accepted without waiting. */
export function enter(
  { admission }: Pick<Hub, 'admission'>,
  conversation: Conversation,
  route: (conversation: Conversation) => Promise<void> | undefined,
): void {
  const refuse = (error: unknown): void => {
    // Every answer about uploads bears these fields, whichever route gives it.
    if (routeOf(targetPath(conversation.target))?.name === 'uploads')
      conversation.res.setHeader('Tus-Resumable', TUS_VERSION);
    conversation.fail(error);
  };
  const failed = guarded('refusing a request', refuse, () => conversation.res.destroy());
  const go = (admitted: boolean): Promise<void> | undefined =>
    admitted ? route(conversation) : undefined;
  try {
    admission.greet(conversation);
    const failure = framingFailure(conversation.req);
    if (failure) throw failure;
    const admitted = admission.admit(conversation);
    if (typeof admitted === 'boolean') go(admitted)?.catch(failed);
    else admitted.then(go).catch(failed);
  } catch (error) {
    failed(error);
  }
}
