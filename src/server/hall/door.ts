// The door that every request goes through, WebSockets too: who comes may come in, or
// is told why not. Behind it is the route's.

import { guarded } from '../../runtime/guarded.ts';
import type { Exchange } from '../conversation/exchange.ts';
import { framingFailure } from '../message/request-framing.ts';
import { targetPath } from '../message/request-path.ts';
import { routeOf } from '../message/routes.ts';
import { TUS_VERSION } from '../message/tus-headers.ts';
import type { Hub } from './hub.ts';

/** Never throws. A token that was seen before costs no turn of the event loop. */
export function enter(
  { admission }: Pick<Hub, 'admission'>,
  exchange: Exchange,
  route: (exchange: Exchange) => Promise<void> | undefined,
): void {
  const refuse = (error: unknown): void => {
    // On every answer that is about uploads, whoever gives it.
    if (routeOf(targetPath(exchange.target))?.name === 'uploads')
      exchange.res.setHeader('Tus-Resumable', TUS_VERSION);
    exchange.fail(error);
  };
  const failed = guarded('refusing a request', refuse, () => exchange.res.destroy());
  const go = (admitted: boolean): Promise<void> | undefined =>
    admitted ? route(exchange) : undefined;
  try {
    admission.greet(exchange);
    const failure = framingFailure(exchange.req);
    if (failure) throw failure;
    const admitted = admission.admit(exchange);
    if (typeof admitted === 'boolean') go(admitted)?.catch(failed);
    else admitted.then(go).catch(failed);
  } catch (error) {
    failed(error);
  }
}
