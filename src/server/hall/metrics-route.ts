// GET /metrics, as Prometheus asks for it.
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import type { Hub } from './hub.ts';

/** @throws as Access.check(); HttpFailure 404 if metrics are switched off */
export async function answerMetrics(
  { metrics, access }: Hub,
  conversation: Conversation,
): Promise<void> {
  // Metrics tell about everything that is served, so the caller must be allowed to read everything.
  access.check(conversation.caller, 'read', []);
  if (!metrics) throw new HttpFailure(404, 'this server shows no metrics');
  const { type, text } = await metrics.render();
  conversation.res.setHeader('Cache-Control', 'no-store');
  conversation.reply(200, type, text);
}
