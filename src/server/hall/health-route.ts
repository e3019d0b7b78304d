// The answers of health.ts over HTTP: 200 or 503, as JSON of one field.
import type { IncomingMessage } from 'node:http';
import type { Conversation } from '../conversation/conversation.ts';
import { ROUTES } from '../message/routes.ts';
import type { Hub } from './hub.ts';

const PATHS: ReadonlySet<string> = new Set([ROUTES.alive.path, ROUTES.ready.path]);

export function asksForHealth({ method, url }: IncomingMessage): boolean {
  return PATHS.has(url ?? '') && (method === 'GET' || method === 'HEAD');
}

/** A process that answers lives. Whether it should get requests is another question. */
export async function answerHealth(
  { health, admission }: Hub,
  conversation: Conversation,
): Promise<void> {
  admission.greet(conversation);
  if (conversation.req.url === ROUTES.alive.path) return reply(conversation, 200, 'ok');
  const readiness = await health.readiness();
  if (readiness !== 'ready') conversation.res.setHeader('Retry-After', '1');
  reply(conversation, readiness === 'ready' ? 200 : 503, readiness);
}

function reply(conversation: Conversation, status: number, text: string): void {
  conversation.res.setHeader('Cache-Control', 'no-store');
  conversation.reply(
    status,
    'application/json; charset=utf-8',
    `${JSON.stringify({ status: text })}\n`,
  );
}
