// GET /metrics, as Prometheus asks for it.
import type { Exchange } from '../conversation/exchange.ts';
import { HttpFailure } from '../message/http-failure.ts';
import type { Hub } from './hub.ts';

/** @throws as Access.check(); HttpFailure 404 if metrics are switched off */
export async function answerMetrics({ metrics, access }: Hub, exchange: Exchange): Promise<void> {
  // Metrics tell about everything that is served, so the caller must be allowed to read everything.
  access.check(exchange.caller, 'read', []);
  if (!metrics) throw new HttpFailure(404, 'this server shows no metrics');
  const { type, text } = await metrics.render();
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(200, type, text);
}
