// Parses a listing's query: order, page, filter, form. Pure. A wrong value is refused, and the
// answer names the accepted ones: if it were ignored, a page in the wrong order would look right.
import { HttpFailure } from '../message/http-failure.ts';

const SORTS = ['name', 'size', 'modified'] as const;
const ORDERS = ['asc', 'desc'] as const;
const FORMATS = ['json', 'html'] as const;

export interface ListingQuery {
  readonly sort: (typeof SORTS)[number];
  readonly order: (typeof ORDERS)[number];
  /** Number of the page, from 1. */
  readonly page: number;
  /** Entries on a page; the form's default unless given. */
  readonly limit?: number | undefined;
  /** Only names that hold this, in either case; '' for all. */
  readonly q: string;
  /** Form of the answer; decided by Accept unless given. */
  readonly format?: (typeof FORMATS)[number] | undefined;
}

/** Most entries on a page. Chosen: some 3 MB of JSON. */
export const MAX_LIMIT = 10_000;
/** Longest filter: as long as a file name can be. */
const MAX_FILTER_CHARACTERS = 255;

/** @throws HttpFailure 400 */
export function parseListingQuery(query: URLSearchParams): ListingQuery {
  const q = query.get('q') ?? '';
  if (q.length > MAX_FILTER_CHARACTERS)
    throw new HttpFailure(400, 'q: give at most 255 characters');
  return {
    sort: choice(query, 'sort', SORTS) ?? 'name',
    order: choice(query, 'order', ORDERS) ?? 'asc',
    page: whole(query, 'page', Number.MAX_SAFE_INTEGER) ?? 1,
    limit: whole(query, 'limit', MAX_LIMIT),
    q,
    format: choice(query, 'format', FORMATS),
  };
}

/** Formats a query; default values are left out. */
export function formatListingQuery(query: ListingQuery): string {
  const { sort, order, page, limit, q, format } = query;
  const params = new URLSearchParams();
  if (q !== '') params.set('q', q);
  if (sort !== 'name') params.set('sort', sort);
  if (order !== 'asc') params.set('order', order);
  if (limit !== undefined) params.set('limit', String(limit));
  if (format !== undefined) params.set('format', format);
  if (page !== 1) params.set('page', String(page));
  return params.size === 0 ? '' : `?${params}`;
}

function choice<Name extends string>(
  query: URLSearchParams,
  key: string,
  names: readonly Name[],
): Name | undefined {
  const text = query.get(key);
  if (text === null) return undefined;
  const name = names.find((known) => known === text);
  if (name !== undefined) return name;
  throw new HttpFailure(400, `${key}: not known; accepted are ${names.join(', ')}`);
}

function whole(query: URLSearchParams, key: string, most: number): number | undefined {
  const text = query.get(key);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= 1 && value <= most) return value;
  throw new HttpFailure(400, `${key}: give a whole number from 1 to ${most}`);
}
