// GET /metrics, as Prometheus asks for it; with a token where reading needs one.
import type { Exchange } from '../exchange.ts';
import { HttpFailure } from '../http-failure.ts';
import type { Hub } from '../hub.ts';

/** @throws HttpFailure 401, 403; 404 where they are switched off */
export async function answerMetrics(
  { metrics, access }: Pick<Hub, 'metrics' | 'access'>,
  exchange: Exchange,
): Promise<void> {
  if (!metrics) throw new HttpFailure(404, 'this server shows no metrics');
  // They tell no name: whoever may read anything may have them.
  access.checkAnywhere(exchange, 'read');
  const { type, text } = await metrics.render();
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(200, type, text);
}
