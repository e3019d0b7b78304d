// The CIDs of versions, long after the catalogue has forgotten what else it knew of them: listings
// name them, and a client that knows a CID fetches thousands of small files in one answer. A version
// takes 150 bytes here, and 3 KB there.
import { createHash } from 'node:crypto';
import type { Located } from '../../root/root.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';

/** Chosen: 40 MB; as many files and directories as a DAG may have. */
const MOST_NAMES = 2 ** 18;
/** Bytes of a hash that tell versions apart: no two are alike by chance. */
const KEY_BYTES = 16;

type Version = Pick<Located, 'place'> & { readonly version: { readonly stamp: string } };

export class CidNames {
  /** By place and stamp. */
  readonly #cids = new Map<string, string>();

  get isFull(): boolean {
    return this.#cids.size >= MOST_NAMES;
  }

  note(version: Version, cid: string): void {
    const key = keyOf(version);
    // What is noted again is forgotten last.
    this.#cids.delete(key);
    this.#cids.set(key, flat(cid));
    forgetOldest(this.#cids, MOST_NAMES);
  }

  find(version: Version): string | undefined {
    return this.#cids.get(keyOf(version));
  }
}

/** The package joins a CID's text of fifty parts, and V8 keeps all of them: 1.5 KB, and not 80 bytes. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

/** No name holds a slash or a NUL. */
function keyOf({ place, version }: Version): string {
  const hash = createHash('sha256')
    .update(`${place.join('/')}\0${version.stamp}`)
    .digest();
  return hash.toString('latin1', 0, KEY_BYTES);
}
