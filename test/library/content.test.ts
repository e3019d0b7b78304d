import { describe, expect, it } from 'vitest';
import {
  createMemoryStore,
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

describe('what a program gives that is of another kind', () => {
  it('ends with the signal, although a block never comes', async () => {
    const { manifest } = await importFile([BYTES], options);
    const reason = new Error('enough');
    const stop = new AbortController();
    const found = resolveManifest(
      manifest.cid,
      () => {
        queueMicrotask(() => stop.abort(reason));
        return new Promise(() => undefined);
      },
      { signal: stop.signal },
    );
    await expect(found).rejects.toBe(reason);
  });

  it.each([undefined, null, 'text', 5])('refuses a block %j in one line', async (block) => {
    const { manifest } = await importFile([BYTES], options);
    const getBlock = (async () => block) as unknown as () => Promise<Uint8Array>;
    await expect(resolveManifest(manifest.cid, getBlock)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining('getBlock()'),
    });
    const getNow = (() => block) as unknown as () => Promise<Uint8Array>;
    await expect(resolveManifest(manifest.cid, getNow)).rejects.toMatchObject({
      code: 'ERR_USAGE',
    });
  });

  it('refuses pieces that there are not, and bytes of another length', async () => {
    const { manifest } = await importFile([BYTES], options);
    const usage = expect.objectContaining({ code: 'ERR_USAGE' });
    for (const piece of [-1, 4, 99, 0.5, '0' as unknown as number]) {
      expect(() => pieceCid(manifest, piece)).toThrow(usage);
      expect(() => matchesPiece(manifest, piece, [])).toThrow(usage);
    }
    expect(() => createMemoryStore(manifest, BYTES.subarray(1))).toThrow(usage);
    expect(() => createMemoryStore(manifest, null as unknown as Uint8Array)).toThrow(usage);
    for (const none of [null, undefined, 'cid', {}, { cid: manifest.cid }]) {
      expect(() => createMemoryStore(none as unknown as typeof manifest)).toThrow(usage);
    }
    expect(createMemoryStore(manifest, BYTES).bytes).toBe(BYTES);
  });
});
