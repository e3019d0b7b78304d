// The shares by path and by content. A content is mostly at one path, and may be at several.
import type { CID } from 'multiformats/cid';
import { digestKey } from '../content/cid.ts';
import type { Share } from './share.ts';

export class ShareIndex {
  readonly #byPath = new Map<string, Share>();
  readonly #byDigest = new Map<string, Share[]>();

  get all(): Iterable<Share> {
    return this.#byPath.values();
  }

  at(path: string): Share | undefined {
    return this.#byPath.get(path);
  }

  /** The shares whose CID has that digest. */
  withDigest(digest: Uint8Array): readonly Share[] {
    return this.#byDigest.get(digestKey(digest)) ?? [];
  }

  of(cid: CID): Share[] {
    return this.withDigest(cid.multihash.digest).filter((share) => share.cid.equals(cid));
  }

  add(share: Share): void {
    this.#byPath.set(share.path, share);
    const key = keyOf(share);
    const same = this.#byDigest.get(key);
    if (same) same.push(share);
    else this.#byDigest.set(key, [share]);
  }

  remove(share: Share): void {
    this.#byPath.delete(share.path);
    const key = keyOf(share);
    const others = this.#byDigest.get(key)?.filter((other) => other !== share) ?? [];
    if (others.length > 0) this.#byDigest.set(key, others);
    else this.#byDigest.delete(key);
  }
}

const keyOf = ({ cid }: Share): string => digestKey(cid.multihash.digest);
