// GET /events: a stream (SSE), or, if JSON is asked for, one answer that waits for the next event
// (long polling). Both take the same query and the same ids, as does the WebSocket at the same path
// (web-socket.ts): path=/dir/ only what is below (or is) that path only=files|transfers after=ID
// what came after that event first; SSE clients send Last-Event-ID wait=SECONDS of long polling

import { readable } from '../../hub/feed/event-filter.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { targetPath, targetQuery } from '../message/request-path.ts';
import { routeOf } from '../message/routes.ts';
import { answerStream } from './event-stream.ts';
import type { EventsHub } from './events-hub.ts';
import { parseFilter, parseWait } from './events-query.ts';
import { answerPoll } from './long-poll.ts';

/** Whether a request's target asks for events, of whatever kind. */
export const isEventsTarget = (target: string): boolean =>
  routeOf(targetPath(target))?.name === 'events';

/** @throws Refusal, HttpFailure 400 */
export async function answerEvents(hub: EventsHub, conversation: Conversation): Promise<void> {
  const { req, res } = conversation;
  const query = targetQuery(req.url ?? '');
  const filter = readable(hub.access, conversation.caller, parseFilter(query));
  const after = afterOf(query, req.headers['last-event-id']);
  noticeEnd(conversation);
  res.setHeader('Cache-Control', 'no-store');
  conversation.vary('Accept');
  // Programs that poll ask for JSON in Accept.
  if (/\bapplication\/json\b/i.test(req.headers.accept ?? '')) {
    const waitMs = parseWait(query);
    await answerPoll(hub, conversation, { filter, after, waitMs });
  } else await answerStream(hub, conversation, { filter, after });
}

/** Watches the socket for its end: it may be long before a write shows that the client is gone. */
function noticeEnd({ req: { socket }, res }: Conversation): void {
  const leave = guarded('leaving who reads events', () => void res.destroy());
  socket.once('end', leave);
  // Removes the listener: the connection outlives the answer, and each poll on it adds one.
  const forget = guarded('forgetting who reads events', () => void socket.off('end', leave));
  res.once('close', forget);
}

/**
 * The id to go on from. The header has the id that the browser saw last, so it counts more than the
 * query of the URL.
 */
export function afterOf(
  query: URLSearchParams,
  header?: string | string[] | undefined,
): string | undefined {
  const given = typeof header === 'string' ? header : undefined;
  return given || query.get('after') || query.get('last-event-id') || undefined;
}
