// The contract of piece stores (test/contract/piece-store.ts) finds what it is there to find: for
// each of its cases a store that breaks it, and only it.
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/content/manifest.ts';
import { MemoryStore } from '../../src/content/memory-store.ts';
import type { PieceStore } from '../../src/content/store.ts';
import { PIECE_STORE_CASES } from '../contract/piece-store.ts';
import { importedTree } from '../disk/files.ts';

/** What a broken store does otherwise than a store in memory. */
type Fault = (store: MemoryStore, bytes: Uint8Array) => Partial<PieceStore>;

/** By the case that finds it. */
const FAULTS: Record<string, Fault> = {
  'a whole store has every piece and reads any part of it': (store) => ({
    read: async (piece, begin, length, into) =>
      store.read(piece, length === 1 ? 0 : begin, length, into),
  }),
  'a whole store reads nothing past a piece': (store, bytes) => ({
    read: (piece, begin, length, into) =>
      begin === -1
        ? Promise.resolve(bytes.subarray(0, length))
        : store.read(piece, begin, length, into),
  }),
  'a whole store reads into the memory that it is given': (store) => ({
    read: (piece, begin, length) => store.read(piece, begin, length),
  }),
  'a whole store gives bytes that are the caller’s to change': (store, bytes) => ({
    read: async (piece, begin, length, into) =>
      piece === 0 && begin === 0 && length === 8
        ? bytes.subarray(0, length)
        : store.read(piece, begin, length, into),
  }),
  'an empty store reads nothing that is not here yet': (store) => ({
    read: async (piece, begin, length, into) =>
      store.have.has(piece)
        ? store.read(piece, begin, length, into)
        : (into ?? new Uint8Array(length)),
  }),
  'an empty store takes pieces in any order and parts, and then reads them': (store) => ({
    write: async (piece, parts) =>
      parts.some(({ length }) => length === 0) ? false : store.write(piece, parts),
  }),
  'an empty store refuses bytes that are not the piece, and is the same as before': (store) => ({
    write: async (piece, parts) => (await store.write(piece, parts)) || parts.length === 0,
  }),
  'an empty store counts a piece once that is written twice at once': (store) => {
    const writing = new Set<number>();
    return {
      write: async (piece, parts) => {
        if (writing.has(piece)) return false;
        writing.add(piece);
        try {
          return await store.write(piece, parts);
        } finally {
          writing.delete(piece);
        }
      },
    };
  },
};

const broken = (store: MemoryStore, bytes: Uint8Array, fault: Fault): PieceStore => {
  const otherwise = fault(store, bytes);
  return new Proxy(store, {
    get: (_, member) => {
      const found = Reflect.get(member in otherwise ? otherwise : store, member);
      return typeof found === 'function' && !(member in otherwise) ? found.bind(store) : found;
    },
  });
};

/** The cases that fail with a store. */
async function findings(fault: Fault): Promise<string[]> {
  const found: string[] = [];
  for (const [name, holds] of Object.entries(PIECE_STORE_CASES)) {
    const content = await importedTree();
    const maker = {
      whole: async (manifest: Manifest, bytes: Uint8Array) =>
        broken(MemoryStore.whole(manifest, bytes), bytes, fault),
      empty: async (manifest: Manifest) =>
        broken(MemoryStore.empty(manifest), content.bytes, fault),
    };
    await holds(maker, content).catch(() => found.push(name));
  }
  return found;
}

describe('the contract of piece stores', () => {
  it.each(Object.keys(PIECE_STORE_CASES))('%s: a store that does not is found', async (name) => {
    expect(await findings(FAULTS[name]!)).toEqual([name]);
  });
});
