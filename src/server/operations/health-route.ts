// The answers of health.ts over HTTP: 200 or 503, as JSON of one field.
import type { Exchange } from '../exchange.ts';
import type { Health } from './health.ts';

/** True when it was a question of health, and is answered. */
export async function answerHealth(health: Health, exchange: Exchange): Promise<boolean> {
  const { method, url } = exchange.req;
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (url === '/healthz') {
    reply(exchange, 200, 'ok');
    return true;
  }
  if (url !== '/readyz') return false;
  const readiness = await health.readiness();
  if (readiness !== 'ready') exchange.res.setHeader('Retry-After', '1');
  reply(exchange, readiness === 'ready' ? 200 : 503, readiness);
  return true;
}

function reply(exchange: Exchange, status: number, text: string): void {
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(
    status,
    'application/json; charset=utf-8',
    `${JSON.stringify({ status: text })}\n`,
  );
}
