// Events as a text/event-stream (SSE, https://html.spec.whatwg.org/ section 9.2). A block with an
// id and no data is no event, but sets where the client resumes. The first block does that, and
// each heartbeat, since a filter may have held back everything. A client that does not read is cut,
// and resumes.

import type { EventFilter } from '../../hub/feed/event-filter.ts';
import type { Message } from '../../hub/feed/feed.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { EventsHub } from './events-hub.ts';

/** How long a client waits before it connects again. */
const RETRY_MS = 2000;

/** @throws Refusal ERR_BUSY; resolves when the stream has begun */
export async function answerStream(
  { events, access }: EventsHub,
  conversation: Conversation,
  { filter, after }: { filter: EventFilter; after: string | undefined },
): Promise<void> {
  const { req, res } = conversation;
  const reader = { unreadBytes: () => res.writableLength, cut: () => void res.destroy() };
  const write = (text: string): void => {
    if (res.destroyed || res.writableEnded) return;
    conversation.bytes += Buffer.byteLength(text);
    res.write(text);
    events.backlogs.handleWrite(reader);
  };
  const subscription = await events.subscribe(after, {
    from: conversation.caller.user,
    filter,
    deliver: (message) => write(formatMessage(message)),
    end: () => res.end(),
  });
  if (conversation.signal.aborted) return subscription.close();
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // nginx would collect the stream in its buffers.
    'X-Accel-Buffering': 'no',
  });
  if (req.method === 'HEAD') {
    subscription.close();
    res.end();
    return;
  }
  for (const message of subscription.missed) write(formatMessage(message));
  write(`retry: ${RETRY_MS}\nid: ${subscription.position}\n\n`);
  let unreadBytes = 0;
  const beat = guarded('a heartbeat', () => {
    // The caller's token is no longer valid: it must come with another.
    if (!access.holds(conversation.caller)) return void res.end();
    // The bytes of the last heartbeat are still here: the client does not read.
    if (unreadBytes > 0 && res.writableLength >= unreadBytes) res.destroy();
    write(`: alive\nid: ${events.feed.position}\n\n`);
    unreadBytes = res.writableLength;
  });
  const heartbeat = setInterval(beat, events.heartbeatMs);
  const leave = guarded('ending a stream of events', () => {
    clearInterval(heartbeat);
    events.backlogs.forget(reader);
    subscription.close();
  });
  res.once('close', leave);
}

/** JSON has no line end, so one data line carries it. */
function formatMessage({ id, event, json }: Message): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`;
}
