// The answers of health.ts over HTTP: 200 or 503, as JSON of one field.
import type { IncomingMessage } from 'node:http';
import type { Exchange } from '../exchange.ts';
import type { Hub } from '../hub.ts';

export function isHealth({ method, url }: IncomingMessage): boolean {
  return (url === '/healthz' || url === '/readyz') && (method === 'GET' || method === 'HEAD');
}

/** Never throws. */
export async function answerHealth(
  { access, health }: Pick<Hub, 'access' | 'health'>,
  exchange: Exchange,
): Promise<void> {
  access.mark(exchange);
  const readiness = exchange.req.url === '/healthz' ? 'ok' : await health.readiness();
  const isWell = readiness === 'ok' || readiness === 'ready';
  if (!isWell) exchange.res.setHeader('Retry-After', '1');
  reply(exchange, isWell ? 200 : 503, readiness);
}

function reply(exchange: Exchange, status: number, text: string): void {
  exchange.res.setHeader('Cache-Control', 'no-store');
  exchange.reply(
    status,
    'application/json; charset=utf-8',
    `${JSON.stringify({ status: text })}\n`,
  );
}
