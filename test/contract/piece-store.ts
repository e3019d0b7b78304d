// What every piece store keeps to; each implementation's test runs this suite.
import { expect, it } from 'vitest';
import type { Manifest } from '../../src/content/manifest.ts';
import type { PieceStore } from '../../src/content/store.ts';

export interface StoreMaker {
  /** A store of the whole content. */
  whole(manifest: Manifest, bytes: Buffer): Promise<PieceStore>;
  /** A store of none of it. */
  empty(manifest: Manifest): Promise<PieceStore>;
}

export interface Content {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
}

type Case = (maker: StoreMaker, content: Content) => Promise<void>;

const piecesOf = ({ manifest, bytes }: Content): Buffer[] =>
  Array.from({ length: manifest.geometry.pieceCount }, (_, piece) => {
    const start = manifest.geometry.offset(piece);
    return bytes.subarray(start, start + manifest.geometry.length(piece));
  });

/** What a store promises, by name; test/content/store.test.ts shows that each case can fail. */
export const PIECE_STORE_CASES: Record<string, Case> = {
  'a whole store has every piece and reads any part of it': async (maker, content) => {
    const store = await maker.whole(content.manifest, content.bytes);
    expect(store.have.isFull).toBe(true);
    for (const [piece, bytes] of piecesOf(content).entries()) {
      expect(Buffer.from(await store.read(piece, 0, bytes.length))).toEqual(bytes);
      const half = bytes.length >> 1;
      expect(Buffer.from(await store.read(piece, half, 1))).toEqual(bytes.subarray(half, half + 1));
    }
    await store.close();
  },

  'a whole store reads nothing past a piece': async (maker, content) => {
    const store = await maker.whole(content.manifest, content.bytes);
    const length = content.manifest.geometry.length(0);
    await expect(store.read(0, 1, length)).rejects.toThrow(/invariant/);
    await expect(store.read(0, -1, 2)).rejects.toThrow(/invariant/);
    await store.close();
  },

  'a whole store reads into the memory that it is given': async (maker, content) => {
    const store = await maker.whole(content.manifest, content.bytes);
    const memory = new Uint8Array(8);
    expect(await store.read(0, 1, 8, memory)).toBe(memory);
    expect(Buffer.from(memory)).toEqual(content.bytes.subarray(1, 9));
    await expect(store.read(0, 1, 7, memory)).rejects.toThrow(/invariant/);
    await store.close();
  },

  'a whole store gives bytes that are the caller’s to change': async (maker, content) => {
    const store = await maker.whole(content.manifest, content.bytes);
    // Copied, because a store in memory may hold the content itself.
    const expected = Buffer.from(content.bytes.subarray(0, 8));
    const first = await store.read(0, 0, 8);
    first.fill(0);
    expect(Buffer.from(await store.read(0, 0, 8))).toEqual(expected);
    await store.close();
  },

  'an empty store reads nothing that is not here yet': async (maker, content) => {
    const store = await maker.empty(content.manifest);
    await expect(store.read(0, 0, 1)).rejects.toThrow(/invariant/);
    await store.close();
  },

  'an empty store takes pieces in any order and parts, and then reads them': async (
    maker,
    content,
  ) => {
    const store = await maker.empty(content.manifest);
    expect(store.have.count).toBe(0);
    const pieces = [...piecesOf(content).entries()].reverse();
    for (const [piece, bytes] of pieces) {
      const parts = [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1)];
      expect(await store.write(piece, parts)).toBe(true);
      expect(store.have.has(piece)).toBe(true);
      expect(Buffer.from(await store.read(piece, 0, bytes.length))).toEqual(bytes);
    }
    expect(store.have.isFull).toBe(true);
    await store.publish();
    for (const [piece, bytes] of pieces) {
      expect(Buffer.from(await store.read(piece, 0, bytes.length))).toEqual(bytes);
    }
    await store.close();
  },

  'an empty store refuses bytes that are not the piece, and is the same as before': async (
    maker,
    content,
  ) => {
    const store = await maker.empty(content.manifest);
    const [piece] = piecesOf(content);
    const wrong = Buffer.from(piece!);
    wrong[wrong.length - 1]! ^= 1;
    const cases = [[wrong], [], [piece!.subarray(1)], [piece!, Buffer.from([0])]];
    for (const parts of cases) expect(await store.write(0, parts)).toBe(false);
    expect(store.have.count).toBe(0);
    expect(await store.write(0, [piece!])).toBe(true);
    for (const parts of cases) expect(await store.write(0, parts)).toBe(false);
    expect(Buffer.from(await store.read(0, 0, piece!.length))).toEqual(piece);
    await store.close();
  },

  'an empty store counts a piece once that is written twice at once': async (maker, content) => {
    const store = await maker.empty(content.manifest);
    const [piece] = piecesOf(content);
    expect(await Promise.all([store.write(0, [piece!]), store.write(0, [piece!])])).toEqual([
      true,
      true,
    ]);
    expect(store.have.count).toBe(1);
    await store.close();
  },
};

/** @param content a directory of several files, one of them empty, with pieces of several lengths */
export function pieceStoreContract(maker: StoreMaker, content: () => Promise<Content>): void {
  it.each(Object.entries(PIECE_STORE_CASES))('%s', async (_, holds) => {
    await holds(maker, await content());
  });
}
