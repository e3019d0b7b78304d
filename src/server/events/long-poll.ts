// Sends one answer with the next events, or without events when the wait is over: { "events":
// [...], "next": ID } The next request gives `next` as `after`; between the two nothing is lost.
import { TokenRefusal } from '../../hub/access/token-refusal.ts';
import type { EventFilter } from '../../hub/feed/event-filter.ts';
import type { Message } from '../../hub/feed/feed.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { EventsHub } from './events-hub.ts';

export interface Poll {
  readonly filter: EventFilter;
  readonly after: string | undefined;
  readonly waitMs: number;
}

/** @throws TokenRefusal if the token expires while it waits, Refusal ERR_BUSY */
export async function answerPoll(
  { events, access }: EventsHub,
  conversation: Conversation,
  { filter, after, waitMs }: Poll,
): Promise<void> {
  const came: Message[] = [];
  const over = new AbortController();
  const end = guarded('ending a poll', () => over.abort());
  const subscription = await events.subscribe(after, {
    from: conversation.caller.user,
    filter,
    deliver: (message) => {
      // Events of the same moment go together.
      if (came.push(message) === 1) setImmediate(end);
    },
    end,
  });
  came.unshift(...subscription.missed);
  const look = guarded('looking after a poll', () => {
    if (!access.holds(conversation.caller)) over.abort();
  });
  const heartbeat = setInterval(look, events.heartbeatMs);
  if (came.length === 0 && waitMs > 0) await untilOver(over.signal, conversation.signal, waitMs);
  clearInterval(heartbeat);
  subscription.close();
  if (conversation.signal.aborted) return;
  if (!access.holds(conversation.caller))
    throw TokenRefusal.invalid('the token does not hold any more');
  const { position } = events.feed;
  const list = came.map(({ json }) => json).join(',');
  const text = `{"events":[${list}],"next":${JSON.stringify(position)}}\n`;
  conversation.reply(200, 'application/json; charset=utf-8', text);
}

function untilOver(over: AbortSignal, gone: AbortSignal, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const settle = guarded('ending the wait of a poll', () => {
      clearTimeout(timer);
      for (const signal of [over, gone]) signal.removeEventListener('abort', settle);
      resolve();
    });
    const timer = setTimeout(settle, waitMs);
    for (const signal of [over, gone]) signal.addEventListener('abort', settle);
    if (over.aborted || gone.aborted) settle();
  });
}
