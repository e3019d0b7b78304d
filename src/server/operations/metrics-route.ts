// GET /metrics, as Prometheus asks for it.
import type { Exchange } from '../exchange.ts';
import { HttpFailure } from '../http-failure.ts';
import type { Metrics } from './metrics.ts';

/** @throws HttpFailure 404 where they are switched off */
export async function answerMetrics(
  metrics: Metrics | undefined,
  exchange: Exchange,
): Promise<void> {
  if (!metrics) throw new HttpFailure(404, 'this server shows no metrics');
  const { type, text } = await metrics.render();
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(200, type, text);
}
