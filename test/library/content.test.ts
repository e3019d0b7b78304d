import { describe, expect, it } from 'vitest';
import {
  importFile,
  matchesCid,
  matchesPiece,
  pieceCid,
  resolveManifest,
} from '../../src/library/content.ts';

const PIECE = 16_384;
const BYTES = new Uint8Array(3 * PIECE + 5).map((_, at) => at >> 3);
const options = { length: BYTES.length, pieceLength: PIECE };

/** The bytes in chunks of that length. */
function* cut(length: number): Generator<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += length) yield BYTES.subarray(at, at + length);
}

describe('importFile', () => {
  it('gives the same manifest however the chunks are cut', async () => {
    const { manifest } = await importFile([BYTES], options);
    expect(manifest.geometry.pieceCount).toBe(4);
    for (const length of [1000, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE]) {
      const { manifest: other } = await importFile(cut(length), options);
      expect(other.cid).toBe(manifest.cid);
      expect(other.digests).toEqual(manifest.digests);
    }
  });

  it.each([BYTES.length - 1, BYTES.length + 1])('refuses bytes that are not %d', async (length) => {
    await expect(importFile(cut(1000), { ...options, length })).rejects.toMatchObject({
      code: 'ERR_SOURCE_CHANGED',
    });
  });

  it('names an empty file', async () => {
    const { manifest } = await importFile([], { length: 0 });
    expect(manifest.cid).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
    expect(manifest.geometry.pieceCount).toBe(0);
  });

  it('refuses a piece length that no other peer takes', async () => {
    const pieceLength = PIECE + 1;
    await expect(importFile([BYTES], { ...options, pieceLength })).rejects.toMatchObject({
      code: 'ERR_USAGE',
    });
  });
});

describe('resolveManifest', () => {
  it('makes the manifest from blocks of others, and refuses wrong ones', async () => {
    const { manifest, blocks } = await importFile([BYTES], options);
    const found = await resolveManifest(manifest.cid, async (cid) => blocks.get(cid)!);
    expect(found.manifest).toEqual(manifest);
    expect(found.blocks).toEqual(blocks);
    const lie = async (): Promise<Uint8Array> => Uint8Array.of(1);
    await expect(resolveManifest(manifest.cid, lie)).rejects.toMatchObject({
      code: 'ERR_HASH_MISMATCH',
    });
    await expect(resolveManifest('no CID', lie)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });
});

it('tells a piece from others', async () => {
  const { manifest } = await importFile([BYTES], options);
  const last = BYTES.subarray(3 * PIECE);
  expect(matchesPiece(manifest, 3, [last.subarray(0, 2), last.subarray(2)])).toBe(true);
  expect(matchesPiece(manifest, 3, [last.subarray(1)])).toBe(false);
  expect(matchesCid(pieceCid(manifest, 3), last)).toBe(true);
  expect(matchesCid(pieceCid(manifest, 3), BYTES)).toBe(false);
});
