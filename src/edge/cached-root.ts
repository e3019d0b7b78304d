// An origin's files, each by its names: which version it is (revalidation.ts), read out of the
// cache as an open file of root/root.ts. Whatever is no file is a page, and the origin's own.

import { CID } from 'multiformats/cid';
import { filesUrl } from '../api/files-url.ts';
import type { Entry } from '../hub/catalogue/catalogue.ts';
import type { OpenFile, Segments } from '../root/root.ts';
import type { Cache } from './cache.ts';
import type { Outcome } from './cache-status.ts';
import type { CachedFile } from './cached-file.ts';
import type { Origin } from './origin.ts';
import { notHere } from './request-directives.ts';
import {
  type Asker,
  type Checked,
  Revalidation,
  type RevalidationOptions,
} from './revalidation.ts';

export interface CachedAnswer {
  /** The caller closes it. */
  readonly file: OpenFile;
  readonly entry: Entry;
  readonly outcome: Outcome;
  /** When the origin last confirmed the version; milliseconds since the epoch. */
  readonly checkedAtMs: number;
}

export class CachedRoot {
  readonly #origin: Origin;
  readonly #cache: Cache;
  readonly #revalidation: Revalidation;

  constructor(options: RevalidationOptions & { readonly cache: Cache }) {
    this.#origin = options.origin;
    this.#cache = options.cache;
    this.#revalidation = new Revalidation(options);
  }

  /** @throws HttpFailure 403, 404, 502, 504, 508; SourceFailure; HubswarmError ERR_DISK_FULL */
  async open(segments: Segments, asker: Asker): Promise<CachedAnswer | 'page'> {
    const key = filesUrl(segments);
    const url = this.#origin.urlOf(key);
    const checked = await this.#revalidation.check(key, url, asker);
    if (checked === 'page') return 'page';
    const { cid, modifiedMs, checkedAtMs } = checked.version;
    return this.#cache.use(CID.parse(cid), (cached) => {
      const outcome = outcomeOf(checked, cached);
      if (outcome.kind === 'miss' && asker.wishes.onlyIfCached) throw notHere();
      const file = cached.open(segments, modifiedMs, url);
      return { file, entry: cached.entry, outcome, checkedAtMs };
    });
  }
}

/** A file that is not all here is on its way, whatever was found out about its version. */
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
