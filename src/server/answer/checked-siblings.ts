// Compressed files that lie beside a file (`d.csv.gz` beside `d.csv`) and decode to it, byte
// for byte. A name alone says nothing: it may be another file, an older one, or no gzip at
// all. So a sibling is decoded once for each version of either file and held against the
// file's CID (decodes-to.ts); one as long as its file is not looked at.
// Small files are checked before they are answered. The check of longer ones takes seconds
// and goes on beside: until it is over they are sent as if there were no sibling.
// Left out: zstd, which the Node.js releases that this runs on cannot decode.

import type { Catalogue, Entry } from '../../hub/catalogue/catalogue.ts';
import type { OpenFile } from '../../root/root.ts';
import { Gate } from '../../runtime/gate.ts';
import type { Coding } from '../message/accept-encoding.ts';
import { decodesTo } from './decodes-to.ts';

/** What the names of compressed files end with. */
export const SUFFIXES: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' };

/** Chosen: decoding and hashing so much takes some 30 ms. */
const MAX_AWAITED_BYTES = 4 * 2 ** 20;
/** Chosen: some 1 MB. */
const MAX_KNOWN = 4096;
/** The sibling's own entry, or that it is no form of the file. */
type Outcome = Entry | 'other';

export class CheckedSiblings {
  readonly #catalogue: Catalogue;
  readonly #signal: AbortSignal;
  /** By the file's content and the sibling's version, in the order of last use. */
  readonly #known = new Map<string, Outcome>();
  readonly #running = new Map<string, Promise<Outcome | undefined>>();
  readonly #quick = new Gate(1);
  readonly #slow = new Gate(1);

  constructor(catalogue: Catalogue, signal: AbortSignal) {
    this.#catalogue = catalogue;
    this.#signal = signal;
  }

  /**
   * The entry of a sibling that decodes to the file; undefined when it does not, or when
   * that is not known yet.
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
      // Gone, being changed or not readable now: the next request looks again.
      .catch(() => undefined)
      .finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  /** Undefined when it is another version by now. */
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
