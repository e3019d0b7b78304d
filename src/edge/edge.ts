// A caching edge: has the files of another hub, its origin, in a cache that it fills as it is
// asked. Each path is compared with the origin by its ETag before it is served (once for all who
// ask meanwhile, and not again within the ttl); when the origin cannot say, what is here is served
// as stale. What goes to the origin itself: whatever changes a file, the events, of which an edge
// has none of its own, and what the cache has no room for.
import { randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { namesOf } from '../api/files-url.ts';
import { SourceFailure } from '../client/http/source-failure.ts';
import { showUrl } from '../client/http/url.ts';
import {
  type Asker,
  type Block,
  type Copy,
  type Intermediary,
  notCached,
  type Page,
} from '../hub/intermediary/intermediary.ts';
import type { Segments } from '../root/root.ts';
import { attempt } from '../runtime/linked-abort.ts';
import type { Release } from '../runtime/node/directory-lock.ts';
import { Refusal } from '../runtime/refusal.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Cache } from './cache.ts';
import { CachedRoot } from './cached-root.ts';
import type { Origin } from './origin.ts';
import type { PathIndex } from './path-index.ts';
import { refusalOf } from './refusals.ts';

/** What every edge calls itself by; what follows tells it from others. */
const FAMILY = 'hubswarm-edge';
/** Most edges in a row. Chosen. */
const MAX_HOPS = 8;

export interface EdgeParts {
  readonly origin: Origin;
  readonly cache: Cache;
  readonly index: PathIndex;
  readonly ttlMs: number;
  readonly patienceMs: number;
  readonly emit: Emit;
  readonly stopping: AbortController;
  /** Gives the directory back. */
  readonly release: Release;
}

export class Edge implements Intermediary {
  readonly name = `${FAMILY}-${randomBytes(6).toString('hex')}`;
  readonly #parts: EdgeParts;
  readonly #root: CachedRoot;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    this.#root = new CachedRoot({ ...parts, signal: parts.stopping.signal });
  }

  checkHops(hops: readonly string[]): void {
    const edges = hops.filter((hop) => hop.includes(FAMILY));
    if (edges.length < MAX_HOPS && !edges.some((hop) => hop.includes(this.name))) return;
    const message = 'the caches ask one another in a circle; --cache must name a hub';
    throw new Refusal('ERR_CIRCLE', message);
  }

  file(segments: Segments, asker: Asker): Promise<Copy | 'page'> {
    return refusing(this.#root.open(segments, asker));
  }

  invalidate(segments: Segments): void {
    this.#root.invalidate(segments);
  }

  async drop({ entry }: Copy): Promise<void> {
    await this.#parts.cache.drop(entry.cid);
  }

  block(
    cid: CID,
    asker: Asker,
    mayRead: (segments: Segments) => boolean,
  ): Promise<Block | undefined> {
    return refusing(this.#findBlock(cid, asker, mayRead));
  }

  /** Listings are passed on as they are: they change with every file in them. */
  async page(
    target: string,
    headers: Readonly<Record<string, string>>,
    { via }: Pick<Asker, 'via'>,
    signal: AbortSignal,
  ): Promise<Page | undefined> {
    const { origin, stopping } = this.#parts;
    const asked = attempt([stopping.signal, signal], undefined, (limited) =>
      origin.page(origin.urlOf(target), { accept: '*/*', ...headers, via }, limited),
    ).catch((error: unknown) => {
      if (error instanceof SourceFailure && error.final) return undefined;
      throw error;
    });
    return refusing(asked);
  }

  originUrl(target: string): string {
    return showUrl(this.#parts.origin.urlOf(target));
  }

  async close(): Promise<void> {
    this.#parts.stopping.abort();
    await this.#parts.cache.close();
    await this.#parts.index.close();
    this.#parts.origin.http.close();
    await this.#parts.release();
  }

  async #findBlock(
    cid: CID,
    { via, wishes }: Asker,
    mayRead: (segments: Segments) => boolean,
  ): Promise<Block | undefined> {
    const { cache, index, origin, stopping } = this.#parts;
    const mayReadAll = mayRead([]);
    // A block lies in files: a caller that may read one of them may have it.
    const isReadable = (file: string): boolean =>
      mayReadAll || index.pathsOf(file).some((path) => mayRead(namesOf(path)));
    const here = await cache.block(cid, isReadable);
    if (here) return { bytes: here, isHere: true };
    if (!mayReadAll) return undefined;
    if (wishes.onlyIfCached) throw notCached();
    try {
      return { bytes: await origin.block(cid, stopping.signal, via), isHere: false };
    } catch (error) {
      if (error instanceof SourceFailure && error.status === 404) return undefined;
      throw error;
    }
  }
}

async function refusing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw refusalOf(error);
  }
}
