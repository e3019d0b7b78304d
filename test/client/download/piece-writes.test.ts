import { expect, test } from 'vitest';
import { PieceWrites } from '../../../src/client/download/piece-writes.ts';
import { WRITES_AHEAD } from '../../../src/client/download/write-queue.ts';

/** A write that ends when it is told to. */
function slowWrite() {
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { write: () => promise, ...settle! };
}

const isSettled = async (promise: Promise<void> | undefined): Promise<boolean> => {
  const pending = Symbol();
  const first = await Promise.race([promise, new Promise((r) => setImmediate(r, pending))]);
  return first !== pending;
};

test('room is made by the oldest write, whose buffer is needed next, not by a later one', async () => {
  const writes = new PieceWrites();
  const slow = Array.from({ length: WRITES_AHEAD }, slowWrite);
  const room = slow.map(({ write }) => writes.push(write)).at(-1);
  slow.at(-1)!.resolve();
  expect(await isSettled(room)).toBe(false);
  slow[0]!.resolve();
  expect(await isSettled(room)).toBe(true);
  await writes.drain();
});

test('all begin at once, and drain waits for all', async () => {
  const writes = new PieceWrites();
  const slow = Array.from({ length: WRITES_AHEAD + 1 }, slowWrite);
  let begun = 0;
  for (const { write } of slow) {
    const room = writes.push(() => {
      begun++;
      return write();
    });
    room?.catch(() => undefined);
  }
  expect(begun).toBe(slow.length);
  const drained = writes.drain();
  for (const { resolve } of slow.slice(1)) resolve();
  expect(await isSettled(drained)).toBe(false);
  slow[0]!.resolve();
  await drained;
});

test('after a failure none begins, and whoever waits is told', async () => {
  const writes = new PieceWrites();
  const bad = slowWrite();
  expect(writes.push(bad.write)).toBeUndefined();
  bad.reject(new Error('disk full'));
  await expect(writes.drain()).rejects.toThrow('disk full');
  let begun = false;
  const refused = writes.push(async () => {
    begun = true;
  });
  await expect(refused).rejects.toThrow('disk full');
  expect(begun).toBe(false);
});
