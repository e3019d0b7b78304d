// Port: what answers before a hub's root is asked (RFC 9110 section 3.7): an edge's cache
// (src/edge/), which has the files of another hub, its origin. It says which version of a file there
// is and where its bytes are; a face of the hub sends them, and refuses in its own terms.
// All calls reject with a Refusal (runtime/refusal.ts), but for failures of the intermediary itself.
import type { CID } from 'multiformats/cid';
import type { OpenFile, Segments } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Entry } from '../catalogue/catalogue.ts';

/** How fresh a copy must be. */
export interface Wishes {
  /** Older copies are compared with the origin first; 0 for every copy. */
  readonly maxAgeMs: number;
  /** For so long the copy must stay fresh. */
  readonly minFreshMs: number;
  /** Nothing is asked of the origin. */
  readonly onlyIfCached: boolean;
}

/** For who wants nothing but what is here. */
export function notCached(): Refusal {
  return new Refusal('ERR_NOT_CACHED', 'not in the cache, or not known to be fresh');
}

export interface Asker {
  /** The way of the request up to the origin, which is told of it (RFC 9110 section 7.6.3). */
  readonly via: string;
  readonly wishes: Wishes;
}

/** How the intermediary came to an answer. */
export type Outcome =
  /** Compared with the origin within the ttl, or asked for by its CID. */
  | { readonly kind: 'fresh' }
  /** The origin said that the copy is still the file. */
  | { readonly kind: 'revalidated' }
  /** The origin could not say; the copy is what the file was. */
  | { readonly kind: 'stale'; readonly reason: string }
  /** Not here, or only another version: on its way from the origin. */
  | { readonly kind: 'miss'; readonly replaces: boolean; readonly collapsed: boolean };

/** A file of the origin as it is here, or is on its way here. */
export interface Copy {
  /** The caller closes it. */
  readonly file: OpenFile;
  readonly entry: Entry;
  readonly outcome: Outcome;
  /** Milliseconds since the origin last confirmed the version; Infinity if that is unknown. */
  readonly ageMs: number;
  /** Cache-Control of the origin, if it sent one. */
  readonly cacheControl: string | undefined;
}

export interface Block {
  readonly bytes: Uint8Array;
  /** It came from the cache, not from the origin. */
  readonly isHere: boolean;
}

/** An answer of the origin that is passed on as it is. */
export interface Page {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
  /** Whether it lies at the same path with a slash at its end, where its references begin. */
  readonly isMoved: boolean;
}

export interface Intermediary {
  /** What it calls itself on the way of a request: a pseudonym, so that no address is told. */
  readonly name: string;
  /** @param hops intermediaries that the request has passed. @throws Refusal ERR_CIRCLE */
  checkHops(hops: readonly string[]): void;
  /**
   * Resolves to `page` for what is no file of the origin.
   *
   * @throws Refusal ERR_NOT_FOUND, ERR_NOT_PERMITTED, ERR_NO_SOURCE, ERR_NOT_CACHED, ERR_CIRCLE;
   * ERR_DISK_FULL when the cache has no room for it
   */
  file(segments: Segments, asker: Asker): Promise<Copy | 'page'>;
  /** Somebody was sent to the origin to change that file: what is known of it is asked anew. */
  invalidate(segments: Segments): void;
  /** The bytes of a copy are no longer those of its version: they are to be fetched again. */
  drop(copy: Copy): Promise<void>;
  /**
   * Undefined when it is in nothing that may be read.
   *
   * @param mayRead whether whoever asks may read the file of these names; all files for no names
   * @throws Refusal ERR_NO_SOURCE, ERR_NOT_CACHED
   */
  block(
    cid: CID,
    asker: Asker,
    mayRead: (segments: Segments) => boolean,
  ): Promise<Block | undefined>;
  /**
   * Undefined for one that only the origin itself gives: it is too large, or refused.
   *
   * @param target path and query as they came, with their escapes
   * @param headers of the request, which decide about its form and conditions
   * @throws Refusal ERR_NO_SOURCE
   */
  page(
    target: string,
    headers: Readonly<Record<string, string>>,
    asker: Pick<Asker, 'via'>,
    signal: AbortSignal,
  ): Promise<Page | undefined>;
  /** Where the origin has that target, without credentials. */
  originUrl(target: string): string;
  close(): Promise<void>;
}
