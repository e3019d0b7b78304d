// A hub's notifications by long polling, one request for each answer: it works through every proxy.
import { z } from 'zod';
import { SourceFailure } from '../http/source-failure.ts';
import { checkHubEvent, MAX_EVENT_BYTES, parseJson } from './hub-event.ts';
import { type Channel, withQuery } from './watch-channel.ts';

/** Shorter than proxies wait for an answer, and well below SILENCE_MS. */
const WAIT_SECONDS = 25;
/** Pause after an answer without events. Chosen: a server that does not wait is not asked at once. */
const PAUSE_MS = 1000;
/** Longest answer. Chosen: all that a hub keeps, of usual lengths. */
const MAX_ANSWER_BYTES = 64 * MAX_EVENT_BYTES;

const answerSchema = z.object({ events: z.array(z.unknown()), next: z.string().max(128) });

/** @throws SourceFailure always: polling has no end of its own */
export async function watchPoll(channel: Channel): Promise<void> {
  let { after } = channel;
  for (;;) {
    // The first answer only tells the place, so that nothing after it is missed.
    const wait = String(after === undefined ? 0 : WAIT_SECONDS);
    const { events, next } = await ask(channel, withQuery(channel.url, { after, wait }));
    for (const event of events) channel.handleEvent(checkHubEvent(event));
    channel.handlePosition(next);
    if (after !== undefined && events.length === 0)
      await channel.clock.sleep(PAUSE_MS, channel.signal);
    after = next;
  }
}

async function ask({ client, signal }: Channel, url: URL) {
  const asked = { accept: 'application/json' };
  const bytes = await client.getBytes(url, MAX_ANSWER_BYTES, signal, asked);
  const found = answerSchema.safeParse(parseJson(Buffer.from(bytes).toString()));
  if (found.success) return found.data;
  throw new SourceFailure('answered with JSON that is not the events of a hub', { final: true });
}
