import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const LIB = resolve(import.meta.dirname, '../../scripts/lib');
const { allEnded } = await import(pathToFileURL(join(LIB, 'all-ended.mjs')).href);

it('gives all values in order', async () => {
  expect(await allEnded([Promise.resolve(1), 2])).toEqual([1, 2]);
});

it('fails as the first that failed, after the last has ended', async () => {
  const { promise: slow, resolve: end } = Promise.withResolvers<void>();
  let hasEnded = false;
  const writing = slow.then(() => {
    hasEnded = true;
  });
  const failed = expect(allEnded([Promise.reject(new Error('real')), writing])).rejects.toThrow(
    'real',
  );
  let isSettled = false;
  const settled = failed.finally(() => {
    isSettled = true;
  });
  await new Promise((next) => setImmediate(next));
  expect(isSettled).toBe(false);
  end();
  await settled;
  expect(hasEnded).toBe(true);
});
