// References of a listing to itself, to what is in it and to what is above it. All are relative to
// the URL that was requested (RFC 3986 section 4.2): a proxy may show the hub at another address or
// below a prefix, and the hub need not know. A form that the query names is kept down the tree.
// Pure.
import type { ListedEntry } from '../../api/listing.ts';
import { formatListingQuery, type ListingQuery } from './listing-query.ts';

export class ListingReferences {
  /** The directory as seen from the requested URL: '' with a slash at its end, else its name. */
  readonly #here: string;
  readonly #query: ListingQuery;
  readonly #form: string;

  /** @param path of the requested directory, escaped, with or without a slash at its end */
  constructor(path: string, query: ListingQuery) {
    this.#here = path.endsWith('/') ? '' : `${path.slice(path.lastIndexOf('/') + 1)}/`;
    this.#query = query;
    this.#form = query.format === undefined ? '' : `?format=${query.format}`;
  }

  /**
   * An entry of the directory. Its name is escaped, so a colon in it makes no scheme, and an
   * apostrophe no HTML entity, which lftp would not read.
   */
  entry(name: string, type: ListedEntry['type']): string {
    const below = this.#here + encodeURIComponent(name).replaceAll("'", '%27');
    return type === 'directory' ? `${below}/${this.#form}` : below;
  }

  /** The directory so many levels above; 0 for this one. */
  above(levels: number): string {
    if (this.#here === '') return ('../'.repeat(levels) || './') + this.#form;
    if (levels === 0) return this.#here + this.#form;
    return ('../'.repeat(levels - 1) || './') + this.#form;
  }

  /** The same directory with other wishes; what is not changed stays. */
  with(changes: Partial<ListingQuery>): string {
    return formatListingQuery({ ...this.#query, ...changes }) || this.above(0);
  }
}
