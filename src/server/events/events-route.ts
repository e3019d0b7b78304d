// GET /events: a stream (SSE) unless JSON is asked for, then one answer that waits
// for the next event (long polling). The same query and the same ids for both, and
// for the WebSocket at the same path (web-socket.ts):
//   path=/dir/       only what is below (or is) that path
//   only=files|transfers
//   after=ID         what came after that event first; SSE clients send Last-Event-ID
//   wait=SECONDS     of long polling

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
  // Told of by what it lists: programs that poll say that they want JSON.
  if (/\bapplication\/json\b/i.test(req.headers.accept ?? '')) {
    const waitMs = parseWait(query);
    await answerPoll(hub, conversation, { filter, after, waitMs });
  } else await answerStream(hub, conversation, { filter, after });
}

/** It may be long before anything is written that shows that nobody is there. */
function noticeEnd({ req: { socket }, res }: Conversation): void {
  const leave = guarded('leaving who reads events', () => void res.destroy());
  socket.once('end', leave);
  // The connection outlives the answer, and each polls again on it.
  const forget = guarded('forgetting who reads events', () => void socket.off('end', leave));
  res.once('close', forget);
}

/** The header is what the browser saw last, so it counts more than the URL it began with. */
export function afterOf(
  query: URLSearchParams,
  header?: string | string[] | undefined,
): string | undefined {
  const given = typeof header === 'string' ? header : undefined;
  return given || query.get('after') || query.get('last-event-id') || undefined;
}
