// What the three ways to a hub's notifications have in common: where to ask, and what to call. Each
// way is one attempt; it ends with its connection.

import type { ForeignEvent } from '../../api/feed-event.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Access } from '../http/access.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';

export interface Channel {
  /** URL of /events, with the query that filters. */
  readonly url: URL;
  readonly client: HttpClient;
  readonly access?: Access | undefined;
  /** The id after which to go on; undefined to begin now. */
  readonly after: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The connection stands, and all up to this id was told. */
  handlePosition(id: string): void;
  handleEvent(event: ForeignEvent): void;
}

/** A connection without a heartbeat for so long (three of the hub's) is dead. */
export const SILENCE_MS = 45_000;

/** This way does not work here; another way may. */
export class WayBarred extends SourceFailure {}

export function withQuery(url: URL, query: Readonly<Record<string, string | undefined>>): URL {
  const asked = new URL(url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) asked.searchParams.set(name, value);
  }
  return asked;
}
