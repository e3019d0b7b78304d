// Which links of a sharded directory lead to a name: each shard takes the next bits of the name's hash.
// Source: https://specs.ipfs.tech/unixfs/ (HAMT), boxo ipld/unixfs/hamt
import { murmur3128 } from '@multiformats/murmur3';
import { type DirectoryNode, type NamedLink, prefixLength } from './ipld-node.ts';

/** Bytes of the hash that count. */
const HASH_BYTES = 8;

export class ShardPath {
  readonly #name: string;
  readonly #bits: string;
  #at = 0;

  private constructor(name: string, bits: string) {
    this.#name = name;
    this.#bits = bits;
  }

  static async of(name: string): Promise<ShardPath> {
    const hash = await murmur3128.encode(new TextEncoder().encode(name));
    const bits = Array.from(hash.subarray(0, HASH_BYTES), (byte) =>
      byte.toString(2).padStart(8, '0'),
    );
    return new ShardPath(name, bits.join(''));
  }

  /** The entry of the name, or the next shard on the way to it; undefined if there is none. */
  next(shard: DirectoryNode): (NamedLink & { readonly isEntry: boolean }) | undefined {
    const { links, bits } = shard;
    if (!Number.isInteger(bits) || bits < 1) return undefined;
    const index = this.#bits.slice(this.#at, this.#at + bits);
    if (index.length < bits) return undefined;
    this.#at += bits;
    const digits = prefixLength(shard);
    const prefix = Number.parseInt(index, 2).toString(16).toUpperCase().padStart(digits, '0');
    const link = links.find(({ name }) => name === prefix || name === prefix + this.#name);
    return link && { ...link, isEntry: link.name !== prefix };
  }
}
