// Content without a piece, and content of one: it comes, and it comes once.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { addressOf, type Honest, useHostileSwarm } from './hostile-swarm.ts';

const swarm = useHostileSwarm();
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

/** Shares what is at `path`, and fetches it by a peer that is connected to all sharers. */
async function passOn(path: string, sharers: readonly Honest[]): Promise<string> {
  const cids = [];
  for (const { peer } of sharers) cids.push((await peer.share(path, { signal: signal() })).cid);
  const getter = await swarm.honest('getter');
  for (const { peer } of sharers) await getter.peer.join([addressOf(peer)], signal());
  const options = { out: join(swarm.dir, 'out'), force: false, signal: signal() };
  return getter.peer.get(cids[0]!, { ...options, timeoutMs: Number.POSITIVE_INFINITY });
}

async function write(path: string, bytes: Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

it('an empty file comes', async () => {
  const path = await write(join(swarm.dir, 'empty'), new Uint8Array());
  const got = await passOn(path, [await swarm.honest('sharer')]);
  expect(await stat(got)).toMatchObject({ size: 0 });
});

it('who fetched an empty file gives it to the next one', async () => {
  const path = await write(join(swarm.dir, 'empty'), new Uint8Array());
  const first = await swarm.honest('first');
  await passOn(path, [await swarm.honest('sharer'), first]);
  const got = await passOn(path, [first]);
  expect(await stat(got)).toMatchObject({ size: 0 });
});

it.each([
  ['an empty directory', []],
  ['a directory of empty files', ['a', 'deep/b', 'deep/c']],
])('%s comes', async (_, names) => {
  const path = join(swarm.dir, 'tree');
  await mkdir(path);
  for (const name of names) await write(join(path, name), new Uint8Array());
  const got = await passOn(path, [await swarm.honest('sharer')]);
  const came = await readdir(got, { recursive: true, withFileTypes: true });
  const files = came.filter((entry) => entry.isFile());
  expect(files.map(({ name, parentPath }) => join(parentPath, name)).sort()).toEqual(
    names.map((name) => join(got, name)),
  );
});

it.each([1, 20_000, 32_768, 65_536])(
  'a piece of %i bytes leaves one of two uplinks',
  async (bytes) => {
    const path = await write(join(swarm.dir, 'single'), randomBytes(bytes));
    const sharers = [await swarm.honest('one'), await swarm.honest('other')];
    expect(await readFile(await passOn(path, sharers))).toEqual(await readFile(path));
    const sent = sharers.map(({ peer }) => peer.link.sentBytes).reduce((sum, each) => sum + each);
    // What is not the piece: lengths, and the nodes of a packed form's DAG.
    expect(sent).toBeGreaterThanOrEqual(bytes);
    expect(sent).toBeLessThan(bytes + 1000);
  },
);
