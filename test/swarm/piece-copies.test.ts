// Pieces with equal bytes are fetched once.
import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/content/memory-store.ts';
import { contentOf, makeContent, Party, PIECE } from './party.ts';

/** Pieces a b a a b c. */
async function repeating() {
  const { bytes } = await makeContent(3);
  const parts = [0, 1, 0, 0, 1, 2].map((at) => bytes.subarray(at * PIECE, (at + 1) * PIECE));
  return contentOf(Buffer.concat(parts));
}

function fetching(content: Awaited<ReturnType<typeof repeating>>, store: MemoryStore) {
  const party = new Party();
  party.invite('seed', { up: 10 * PIECE }).seed(content);
  const leech = party.invite('leech');
  const copied: number[] = [];
  let completed = false;
  const swarm = leech.join(store, {
    onPieceCopied: (piece) => copied.push(piece),
    onCompleted: () => {
      completed = true;
    },
  });
  swarm.contacts.add('seed', ['/mem/seed']);
  const fetched = () => leech.of('piece_verified').map(({ piece }) => piece);
  const run = () => party.clock.advanceUntil(() => completed);
  return { run, copied, fetched };
}

it('fetches one of each and copies the others', async () => {
  const content = await repeating();
  const store = MemoryStore.empty(content.manifest);
  const { run, copied, fetched } = fetching(content, store);
  await run();
  expect(fetched().toSorted()).toEqual([0, 1, 5]);
  expect(copied.toSorted()).toEqual([2, 3, 4]);
  expect(Buffer.compare(store.bytes, content.bytes)).toBe(0);
});

it('copies first what was here before', async () => {
  const content = await repeating();
  const store = MemoryStore.empty(content.manifest);
  await store.write(3, [content.bytes.subarray(3 * PIECE, 4 * PIECE)]);
  const { run, copied, fetched } = fetching(content, store);
  await run();
  expect(fetched().toSorted()).toEqual([1, 5]);
  expect(copied.toSorted()).toEqual([0, 2, 4]);
  expect(Buffer.compare(store.bytes, content.bytes)).toBe(0);
});

it('fetches what cannot be read back any more', async () => {
  const content = await repeating();
  const store = MemoryStore.empty(content.manifest);
  const read = store.read.bind(store);
  // The disk gives other bytes than were written.
  store.read = async (...what) => (await read(...what)).fill(0);
  const { run, copied, fetched } = fetching(content, store);
  await run();
  expect(fetched().toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(copied).toEqual([]);
});
