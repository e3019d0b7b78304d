// Decides which events a subscriber gets: those that it asked for and may read.
import type { Access } from '../access/access.ts';
import type { Caller } from '../access/caller.ts';
import { type FeedEvent, isTransfer } from './feed-event.ts';

export const EVENT_KINDS = ['files', 'transfers'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface EventFilter {
  /** Names below the root; none for the root. */
  readonly segments: readonly string[];
  matches(event: FeedEvent): boolean;
}

/** Events of a path and of all below it. @param only one kind of event; all kinds if left out */
export function eventsBelow(segments: readonly string[], only?: EventKind): EventFilter {
  const exact = `/${segments.join('/')}`;
  const below = segments.length === 0 ? '/' : `${exact}/`;
  return {
    segments,
    matches: (event) =>
      (only === undefined || isTransfer(event) === (only === 'transfers')) &&
      (event.path === exact || event.path.startsWith(below)),
  };
}

/** The same filter, limited to what the caller may read. @throws as Access.check() */
export function readable(access: Access, caller: Caller, filter: EventFilter): EventFilter {
  const { segments } = filter;
  access.checkListing(caller, segments);
  if (access.isPublic) return filter;
  const isReadable = (path: string): boolean =>
    access.allows(caller, 'read', path.split('/').slice(1));
  const isFor = ({ path, place = path }: FeedEvent): boolean =>
    isReadable(path) && isReadable(place);
  return { segments, matches: (event) => filter.matches(event) && isFor(event) };
}
