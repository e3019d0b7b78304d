import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import { pieceStoreContract } from '../contract/piece-store.ts';
import { importedTree } from '../disk/files.ts';

describe('MemoryStore', () => {
  pieceStoreContract(
    {
      whole: async (manifest, bytes) => MemoryStore.whole(manifest, bytes),
      empty: async (manifest) => MemoryStore.empty(manifest),
    },
    importedTree,
  );

  it('is made whole of no other number of bytes than the manifest names', async () => {
    const { manifest, bytes } = await importedTree();
    expect(() => MemoryStore.whole(manifest, bytes.subarray(1))).toThrow(/invariant/);
  });

  it('gives its content, and is published, only when every piece is here', async () => {
    const { manifest, bytes } = await importedTree();
    const store = MemoryStore.empty(manifest);
    const { geometry } = manifest;
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      expect(() => store.bytes).toThrow(/invariant/);
      await expect(store.publish()).rejects.toThrow(/invariant/);
      const start = geometry.offset(piece);
      await store.write(piece, [bytes.subarray(start, start + geometry.length(piece))]);
    }
    expect(Buffer.from(store.bytes)).toEqual(bytes);
    expect(await store.publish()).toBeUndefined();
  });
});
