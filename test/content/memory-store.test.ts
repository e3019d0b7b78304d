import { describe } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import { pieceStoreContract } from '../contract/piece-store.ts';
import { importedTree } from '../disk/files.ts';

describe('MemoryStore', () => {
  pieceStoreContract(
    {
      whole: async (manifest, bytes) => MemoryStore.whole(manifest, bytes),
      empty: async (manifest) => MemoryStore.empty(manifest),
    },
    () => importedTree(),
  );
});
