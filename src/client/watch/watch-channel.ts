// What the three ways to a hub's events have in common: where to ask, and whom to
// tell. Each way is one attempt: it ends when the connection does.
import type { Access } from '../http/access.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import type { HubEvent } from './hub-event.ts';

export interface Channel {
  /** Of /events, with the query that says which events. */
  readonly url: URL;
  readonly client: HttpClient;
  readonly access?: Access | undefined;
  /** Where to go on; undefined to begin now. */
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  /** The connection stands, and everything up to this id was told. */
  handlePosition(id: string): void;
  handleEvent(event: HubEvent): void;
}

/** Without a heartbeat for so long, three of the hub's, the connection is dead. */
export const SILENCE_MS = 45_000;

/** This way does not work here; another may. */
export class WayBarred extends SourceFailure {}

export function withQuery(url: URL, query: Readonly<Record<string, string | undefined>>): URL {
  const asked = new URL(url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) asked.searchParams.set(name, value);
  }
  return asked;
}
