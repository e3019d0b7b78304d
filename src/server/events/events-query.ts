// Parses the query of /events: which notifications a subscriber wants, and after which id. Wrong
// values are refused. Pure.

import { EVENT_KINDS, type EventFilter, eventsBelow } from '../../hub/feed/event-filter.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';

/** Longest wait of a long poll. Chosen: proxies give up on a silent answer after 60 s. */
const MAX_WAIT_SECONDS = 55;
const WAIT_SECONDS = 30;

/** @throws HttpFailure 400, Refusal ERR_NOT_FOUND for a hidden path */
export function parseFilter(query: URLSearchParams): EventFilter {
  const only = query.get('only');
  const kind = EVENT_KINDS.find((known) => known === only);
  if (only !== null && kind === undefined) {
    throw new HttpFailure(400, `only: '${shown(only)}' is not known; give files or transfers`);
  }
  return eventsBelow(segmentsOf(query.get('path') ?? '/'), kind);
}

/** Milliseconds to wait. @throws HttpFailure 400 */
export function parseWait(query: URLSearchParams): number {
  const text = query.get('wait') ?? String(WAIT_SECONDS);
  if (!/^\d{1,3}$/.test(text) || Number(text) > MAX_WAIT_SECONDS) {
    throw new HttpFailure(
      400,
      `wait: '${shown(text)}' is not accepted; give whole seconds from 0 to ${MAX_WAIT_SECONDS}`,
    );
  }
  return Number(text) * 1000;
}

function segmentsOf(path: string): readonly string[] {
  if (!path.startsWith('/')) {
    throw new HttpFailure(400, `path: '${shown(path)}' is not accepted; begin with a slash`);
  }
  const escaped = path.slice(1).split('/').map(encodeURIComponent).join('/');
  return parseRequestPath(escaped).segments;
}

const shown = (text: string): string => text.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
