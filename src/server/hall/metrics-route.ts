// GET /metrics, as Prometheus asks for it.
import type { Exchange } from '../conversation/exchange.ts';
import { HttpFailure } from '../message/http-failure.ts';
import type { Hub } from './hub.ts';

/** @throws HttpFailure 401, 403, 404 where they are switched off */
export async function answerMetrics({ metrics, access }: Hub, exchange: Exchange): Promise<void> {
  // They tell of everything that is served.
  access.check(exchange.caller, 'read', []);
  if (!metrics) throw new HttpFailure(404, 'this server shows no metrics');
  const { type, text } = await metrics.render();
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(200, type, text);
}
