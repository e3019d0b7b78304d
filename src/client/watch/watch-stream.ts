// A hub's notifications as a stream (SSE). A proxy that collects answers before it passes them on
// would hold the stream for ever: then this way is barred.

import { SourceFailure } from '../http/source-failure.ts';
import { EventStreamParser } from './event-stream.ts';
import { parseHubEvent } from './hub-event.ts';
import { type Channel, WayBarred } from './watch-channel.ts';

/** The hub's first bytes tell the place. Chosen: it may walk a large tree before. */
const FIRST_WITHIN_MS = 20_000;

/** @throws SourceFailure always: a stream has no end of its own */
export async function watchStream(channel: Channel): Promise<void> {
  const { url, client, after, signal } = channel;
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), FIRST_WITHIN_MS);
  try {
    const response = await client.request({
      method: 'GET',
      url,
      signal: AbortSignal.any([signal, silent.signal]),
      headers: {
        accept: 'text/event-stream',
        ...(after === undefined ? {} : { 'last-event-id': after }),
      },
    });
    if (response.status !== 200) {
      response.discard();
      throw response.failure();
    }
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      response.discard();
      throw new WayBarred('answered with no stream of events');
    }
    const parser = new EventStreamParser();
    const take = (chunk: Uint8Array) => {
      clearTimeout(timer);
      tell(channel, parser.parse(chunk));
      return undefined;
    };
    await response.pump(take);
  } catch (error) {
    signal.throwIfAborted();
    throw silent.signal.aborted ? new WayBarred('sent nothing: a proxy may hold it back') : error;
  } finally {
    clearTimeout(timer);
  }
  throw new SourceFailure('ended the stream');
}

function tell(channel: Channel, blocks: ReturnType<EventStreamParser['parse']>): void {
  if (typeof blocks === 'string') throw new SourceFailure(blocks, { final: true });
  for (const { id, data } of blocks) {
    if (data !== undefined) channel.handleEvent(parseHubEvent(data));
    if (id !== undefined) channel.handlePosition(id);
  }
}
