// Watches a hub's notifications until told to stop. It connects, resumes at its place, waits longer
// after each failure, and changes from the stream to polling where a proxy holds streams back.

import type { ForeignEvent } from '../../api/feed-event.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import { askHead } from '../http/ask-head.ts';
import { HttpClient } from '../http/http-client.ts';
import { pathOnHub, routeUrl } from '../http/hub-url.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { showUrl } from '../http/url.ts';
import { Patience } from '../mirrors/fail-over.ts';
import { type Channel, SILENCE_MS, WayBarred, withQuery } from './watch-channel.ts';
import { WatchPlace } from './watch-place.ts';
import { watchPoll } from './watch-poll.ts';
import { watchSocket } from './watch-socket.ts';
import { watchStream } from './watch-stream.ts';

export type Via = 'sse' | 'ws' | 'poll';

const WAYS: Readonly<Record<Via, (channel: Channel) => Promise<void>>> = {
  sse: watchStream,
  ws: watchSocket,
  poll: watchPoll,
};

export interface WatchOptions {
  /** URL of a hub, or of a file or directory of it. */
  readonly url: URL;
  readonly via: Via;
  readonly only?: 'files' | 'transfers' | undefined;
  /** The id of the last notification that is known already. */
  readonly after?: string | undefined;
  /** How long it may be without a connection, in ms; Infinity for ever. */
  readonly timeoutMs: number;
  readonly access?: Access | undefined;
  /** Called with each notification. Returns false to stop. */
  readonly take: (event: ForeignEvent) => boolean;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Resolves when `take` returns false.
 *
 * @throws HubswarmError ERR_USAGE, ERR_REMOTE, ERR_NO_SOURCE, or the signal's reason
 */
export async function watchHub(options: WatchOptions): Promise<void> {
  const { clock, emit, signal } = options;
  const url = withQuery(eventsUrl(options.url), { only: options.only });
  const remote = showUrl(url);
  if (pathOnHub(options.url)) await tellMissing(options);
  const place = new WatchPlace(options.after);
  const patience = new Patience(options.timeoutMs, clock);
  let { via } = options;
  let attempt = 0;
  const handlePosition = (id: string): void => {
    place.moveTo(id);
    patience.restart();
    attempt = 0;
  };
  for (;;) {
    const outcome = await attemptOnce(options, { url, via, place, handlePosition });
    if (outcome === 'enough') return;
    if (outcome instanceof WayBarred && via !== 'poll') {
      emit({ event: 'source_failed', remote, reason: `${outcome.message}; polling instead` });
      via = 'poll';
      continue;
    }
    const reason = `${remote}: ${outcome.message}`;
    if (outcome.final) throw new HubswarmError('ERR_REMOTE', reason, { cause: outcome });
    if (patience.leftMs <= 0) throw new HubswarmError('ERR_NO_SOURCE', reason, { cause: outcome });
    const delayMs = Math.min(delayOf(attempt++, outcome.retryAfterMs ?? 0), patience.leftMs);
    emit({ event: 'source_failed', remote, reason: outcome.message });
    emit({ event: 'source_retried', remote, attempt, delayMs });
    await clock.sleep(delayMs, signal);
  }
}

/** What is not there yet may come: it is waited for, and said so. */
async function tellMissing({ url, access, emit, signal }: WatchOptions): Promise<void> {
  const http = new HttpClient({ stallMs: SILENCE_MS, access });
  try {
    const answer = await askHead(http, { url, signal });
    if (answer?.status !== 404) return;
    const message = `${showUrl(url)}: nothing is there yet; what comes there will be told`;
    emit({ event: 'warned', message });
  } finally {
    http.close();
  }
}

interface Attempt extends Pick<Channel, 'url' | 'handlePosition'> {
  readonly via: Via;
  readonly place: WatchPlace;
}

async function attemptOnce(
  { take, clock, signal, access }: WatchOptions,
  { url, via, place, handlePosition }: Attempt,
): Promise<'enough' | SourceFailure> {
  const enough = new AbortController();
  // A stream of events brings as little as there is news.
  const client = new HttpClient({ stallMs: SILENCE_MS, minBytesPerSecond: 0, access });
  const handleEvent = (event: ForeignEvent): void => {
    if (enough.signal.aborted) return;
    if (event.event === 'reset') place.resetTo(undefined);
    if (!place.isNews(event.id)) return;
    // Move first: this may be the last notification, and the caller may ask for the place then.
    if (event.id !== undefined) place.moveTo(event.id);
    if (!take(event)) enough.abort();
  };
  try {
    await WAYS[via]({
      url,
      client,
      access,
      after: place.id,
      clock,
      signal: AbortSignal.any([signal, enough.signal]),
      handlePosition,
      handleEvent,
    });
    return new SourceFailure('ended');
  } catch (error) {
    signal.throwIfAborted();
    if (enough.signal.aborted) return 'enough';
    if (error instanceof SourceFailure) return error;
    throw error;
  } finally {
    client.close();
  }
}

/**
 * Milliseconds until the next attempt: doubled each time, and reduced by up to half at random, so
 * that a hub's watchers do not return all at once.
 */
function delayOf(attempt: number, leastMs: number): number {
  const longest = Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS);
  return Math.max(longest * (1 - Math.random() / 2), leastMs);
}

/** @throws HubswarmError ERR_USAGE */
function eventsUrl(url: URL): URL {
  const path = pathOnHub(url);
  if (path !== undefined) return withQuery(routeUrl(url, 'events'), { path: `/${path}` });
  const [, prefix] = /^(.*\/)(?:events)?$/.exec(url.pathname) ?? [];
  if (prefix !== undefined && !prefix.includes('/files/')) {
    const events = new URL(url);
    events.pathname = `${prefix}events`;
    return events;
  }
  throw new HubswarmError(
    'ERR_USAGE',
    `URL: '${showUrl(url)}' is no place to watch; give a hub or what is below /files/ (as in http://127.0.0.1:8080/files/dir/)`,
  );
}
