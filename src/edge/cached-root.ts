// The files of an origin, by their names: revalidation.ts tells the version, which is read from the
// cache as an open file of root/root.ts. A path that is no file is a page, and left to the origin.

import { CID } from 'multiformats/cid';
import { filesUrl } from '../api/files-url.ts';
import {
  type Asker,
  type Copy,
  notCached,
  type Outcome,
} from '../hub/intermediary/intermediary.ts';
import type { Segments } from '../root/root.ts';
import { ageOf } from './age.ts';
import type { Cache } from './cache.ts';
import type { CachedFile } from './cached-file.ts';
import type { Origin } from './origin.ts';
import { type Checked, Revalidation, type RevalidationOptions } from './revalidation.ts';

export class CachedRoot {
  readonly #origin: Origin;
  readonly #cache: Cache;
  readonly #revalidation: Revalidation;

  constructor(options: RevalidationOptions & { readonly cache: Cache }) {
    this.#origin = options.origin;
    this.#cache = options.cache;
    this.#revalidation = new Revalidation(options);
  }

  invalidate(segments: Segments): void {
    this.#revalidation.invalidate(filesUrl(segments));
  }

  /** @throws Refusal as Revalidation.check(); SourceFailure; HubswarmError ERR_DISK_FULL */
  async open(segments: Segments, asker: Asker): Promise<Copy | 'page'> {
    const key = filesUrl(segments);
    const url = this.#origin.urlOf(key);
    const checked = await this.#revalidation.check(key, url, asker);
    if (checked === 'page') return 'page';
    const { cid, keeping } = checked.version;
    return this.#cache.use(CID.parse(cid), (cached) => {
      const outcome = outcomeOf(checked, cached);
      if (outcome.kind === 'miss' && asker.wishes.onlyIfCached) throw notCached();
      const file = cached.open(segments, checked.version, url);
      const ageMs = ageOf(checked.version);
      return { file, entry: cached.entry, outcome, ageMs, cacheControl: keeping?.cacheControl };
    });
  }
}

/**
 * How the answer came about. An incomplete file counts as a miss, whatever was found out about its
 * version.
 */
function outcomeOf(checked: Exclude<Checked, 'page'>, file: CachedFile): Outcome {
  const { outcome } = checked;
  if (file.isWhole || outcome.kind === 'stale') return outcome;
  const isNew = outcome.kind === 'miss';
  return {
    kind: 'miss',
    replaces: isNew && outcome.replaces,
    collapsed: file.readers > 0 || (isNew && outcome.collapsed),
  };
}
