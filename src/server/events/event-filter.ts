// Which notifications a subscriber wants, and after which id: read from the query of /events. Wrong
// values are refused. Pure.
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { type FeedEvent, isTransfer } from './feed-event.ts';

export interface EventFilter {
  /** Names below the root; none for the root. */
  readonly segments: readonly string[];
  matches(event: FeedEvent): boolean;
}

const KINDS = ['files', 'transfers'];
/** Chosen: proxies give up on a silent answer after 60 s. */
const MAX_WAIT_SECONDS = 55;
const WAIT_SECONDS = 30;

/** @throws HttpFailure 400, 404 for a hidden path */
export function parseFilter(query: URLSearchParams): EventFilter {
  const only = query.get('only');
  if (only !== null && !KINDS.includes(only)) {
    throw new HttpFailure(400, `only: '${shown(only)}' is not known; give files or transfers`);
  }
  const segments = segmentsOf(query.get('path') ?? '/');
  const exact = `/${segments.join('/')}`;
  const below = segments.length === 0 ? '/' : `${exact}/`;
  return {
    segments,
    matches: (event) =>
      (only === null || isTransfer(event) === (only === 'transfers')) &&
      (event.path === exact || event.path.startsWith(below)),
  };
}

/** Milliseconds. @throws HttpFailure 400 */
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
