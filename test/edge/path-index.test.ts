import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PathIndex } from '../../src/edge/path-index.ts';

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hubswarm-edge-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('remembers across a restart, and what was used last of each version', async () => {
  const dir = await directory();
  const file = join(dir, 'index.json');
  const index = await PathIndex.open(file);
  index.set('/files/a', { cid: 'x', modifiedMs: 1, checkedAtMs: 10 });
  index.set('/files/b', { cid: 'x', modifiedMs: 1, checkedAtMs: 30 });
  index.set('/files/c', { cid: 'y', modifiedMs: 1, checkedAtMs: 20 });
  index.set('/files/d', { cid: 'z', modifiedMs: 1, checkedAtMs: 20 });
  index.delete('/files/d');
  await index.close();
  const again = await PathIndex.open(file);
  expect(again.get('/files/a')).toEqual({ cid: 'x', modifiedMs: 1, checkedAtMs: 10 });
  expect(again.get('/files/d')).toBeUndefined();
  expect([...again.lastUse()]).toEqual([
    ['x', 30],
    ['y', 20],
  ]);
  expect(await readdir(dir)).toEqual(['index.json']);
});

it.each(['', '{', '[]]', '{"a":1}', '[["/files/a",{"cid":1}]]'])(
  'is empty when the file holds %j',
  async (text) => {
    const file = join(await directory(), 'index.json');
    await writeFile(file, text);
    expect([...(await PathIndex.open(file)).lastUse()]).toEqual([]);
  },
);
