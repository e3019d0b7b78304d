// Compressed files that lie beside a file (`d.csv.gz` beside `d.csv`) and decode to it, byte for
// byte. A name alone proves nothing: the sibling may be another file, an older one, or no gzip at
// all. So a sibling is decoded once for each version of either file and compared with the file's
// CID (decodes-to.ts). A sibling that is as long as its file is ignored. Small siblings are checked
// before the answer. The check of a longer one takes seconds and runs beside the answers: until it
// ends, the file is sent as if there were no sibling. Left out: zstd, which the Node.js releases
// that this runs on cannot decode.

import type { Catalogue, Entry } from '../../hub/catalogue/catalogue.ts';
import type { OpenFile } from '../../root/root.ts';
import { Gate } from '../../runtime/gate.ts';
import type { Coding } from '../message/accept-encoding.ts';
import { decodesTo } from './decodes-to.ts';

/** Endings of the names of compressed files. */
export const SUFFIXES: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };

/**
 * Longest file whose check an answer waits for. Chosen: decoding and hashing so much takes some 30
 * ms.
 */
const MAX_AWAITED_BYTES = 4 * 2 ** 20;
/** Most remembered outcomes. Chosen: some 1 MB. */
const MAX_KNOWN = 4096;
/** The sibling's own entry; 'other' if it does not decode to the file. */
type Outcome = Entry | 'other';

export class CheckedSiblings {
  readonly #catalogue: Catalogue;
  readonly #signal: AbortSignal;
  /** Outcomes by the file's content and the sibling's version, in the order of last use. */
  readonly #known = new Map<string, Outcome>();
  readonly #running = new Map<string, Promise<Outcome | undefined>>();
  readonly #quick = new Gate(1);
  readonly #slow = new Gate(1);

  constructor(catalogue: Catalogue, signal: AbortSignal) {
    this.#catalogue = catalogue;
    this.#signal = signal;
  }

  /**
   * The entry of a sibling that decodes to the file; undefined if it does not, or if that is not
   * known yet.
   *
   * @param reopen opens the sibling once more, for a check that outlasts the request
   */
  async entryOf(
    file: Entry,
    sibling: OpenFile,
    coding: Coding,
    reopen: () => Promise<OpenFile>,
  ): Promise<Entry | undefined> {
    const { totalLength } = file.manifest.geometry;
    const { version, place } = sibling;
    if (version.size === 0 || version.size >= totalLength) return undefined;
    const key = `${coding}:${file.cid}:${version.stamp}:${place.join('/')}`;
    let outcome = this.#known.get(key);
    if (!outcome) {
      const checked = this.#begin(key, file, coding, version.stamp, reopen);
      if (totalLength <= MAX_AWAITED_BYTES) outcome = await checked;
    }
    return outcome === 'other' ? undefined : outcome;
  }

  #begin(
    key: string,
    file: Entry,
    coding: Coding,
    stamp: string,
    reopen: () => Promise<OpenFile>,
  ): Promise<Outcome | undefined> {
    const before = this.#running.get(key);
    if (before) return before;
    const gate = file.manifest.geometry.totalLength > MAX_AWAITED_BYTES ? this.#slow : this.#quick;
    const running = gate
      .run(() => this.#check(file, coding, stamp, reopen))
      .then((outcome) => outcome && this.#keep(key, outcome))
      // The sibling is gone, changing or not readable: the next request tries again.
      .catch(() => undefined)
      .finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  /** Checks a sibling; undefined if it has another version by now. */
  async #check(
    { manifest }: Entry,
    coding: Coding,
    stamp: string,
    reopen: () => Promise<OpenFile>,
  ): Promise<Outcome | undefined> {
    this.#signal.throwIfAborted();
    const sibling = await reopen();
    try {
      if (sibling.version.stamp !== stamp) return undefined;
      if (!(await decodesTo(manifest, sibling, coding, this.#signal))) return 'other';
      const entry = await this.#catalogue.entryOf(sibling);
      return (await sibling.isCurrent()) ? entry : undefined;
    } finally {
      await sibling.close();
    }
  }

  #keep(key: string, outcome: Outcome): Outcome {
    this.#known.set(key, outcome);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return outcome;
  }
}
