// What every piece store keeps to; each implementation's test runs this suite.
import { describe, expect, it } from 'vitest';
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

/** @param content a directory of several files, one of them empty, with pieces of several lengths */
export function pieceStoreContract(maker: StoreMaker, content: () => Promise<Content>): void {
  const piecesOf = ({ manifest, bytes }: Content): Buffer[] =>
    Array.from({ length: manifest.geometry.pieceCount }, (_, piece) => {
      const start = manifest.geometry.offset(piece);
      return bytes.subarray(start, start + manifest.geometry.length(piece));
    });

  describe('a whole store', () => {
    it('has every piece and reads any part of it', async () => {
      const made = await content();
      const store = await maker.whole(made.manifest, made.bytes);
      expect(store.have.isFull).toBe(true);
      for (const [piece, bytes] of piecesOf(made).entries()) {
        expect(Buffer.from(await store.read(piece, 0, bytes.length))).toEqual(bytes);
        const half = bytes.length >> 1;
        expect(Buffer.from(await store.read(piece, half, 1))).toEqual(
          bytes.subarray(half, half + 1),
        );
      }
      await store.close();
    });

    it('reads nothing past a piece', async () => {
      const made = await content();
      const store = await maker.whole(made.manifest, made.bytes);
      const length = made.manifest.geometry.length(0);
      await expect(store.read(0, 1, length)).rejects.toThrow(/invariant/);
      await expect(store.read(0, -1, 2)).rejects.toThrow(/invariant/);
      await store.close();
    });

    it('gives bytes that are the caller’s to change', async () => {
      const made = await content();
      const store = await maker.whole(made.manifest, made.bytes);
      const first = await store.read(0, 0, 8);
      first.fill(0);
      expect(Buffer.from(await store.read(0, 0, 8))).toEqual(made.bytes.subarray(0, 8));
      await store.close();
    });
  });

  describe('an empty store', () => {
    it('reads nothing that is not here yet', async () => {
      const made = await content();
      const store = await maker.empty(made.manifest);
      await expect(store.read(0, 0, 1)).rejects.toThrow(/invariant/);
      await store.close();
    });

    it('takes pieces in any order and parts, and then reads them', async () => {
      const made = await content();
      const store = await maker.empty(made.manifest);
      expect(store.have.count).toBe(0);
      const pieces = [...piecesOf(made).entries()].reverse();
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
    });

    it('refuses bytes that are not the piece, and is the same as before', async () => {
      const made = await content();
      const store = await maker.empty(made.manifest);
      const [piece] = piecesOf(made);
      const wrong = Buffer.from(piece!);
      wrong[wrong.length - 1]! ^= 1;
      const cases = [[wrong], [], [piece!.subarray(1)], [piece!, Buffer.from([0])]];
      for (const parts of cases) expect(await store.write(0, parts)).toBe(false);
      expect(store.have.count).toBe(0);
      expect(await store.write(0, [piece!])).toBe(true);
      for (const parts of cases) expect(await store.write(0, parts)).toBe(false);
      expect(Buffer.from(await store.read(0, 0, piece!.length))).toEqual(piece);
      await store.close();
    });

    it('counts a piece once that is written twice at once', async () => {
      const made = await content();
      const store = await maker.empty(made.manifest);
      const [piece] = piecesOf(made);
      expect(await Promise.all([store.write(0, [piece!]), store.write(0, [piece!])])).toEqual([
        true,
        true,
      ]);
      expect(store.have.count).toBe(1);
      await store.close();
    });
  });
}
