// A directory with entries that cannot be shared: the rest is shared, and nobody can overlook it.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomFile, run, scratch, start } from '../binary.ts';
import { fetcher, sameBytes } from '../swarm.ts';

async function odd(): Promise<{ dir: string; tree: string }> {
  const dir = await scratch();
  const tree = join(dir, 'tree');
  await mkdir(join(tree, 'sub'), { recursive: true });
  await randomFile(join(tree, 'sub', 'file'), 100_000);
  execFileSync('mkfifo', [join(tree, 'pipe'), join(tree, 'sub', 'other')]);
  return { dir, tree };
}

it('peer shares the rest, counts what is left out, and ends with 1', async () => {
  const { dir, tree } = await odd();
  const peer = start(['peer', '--json', '--data', join(dir, 'data'), '--share', tree]);
  const { addresses } = await peer.until('listening');
  const { cid, leftOut } = await peer.until('file_shared');
  expect(leftOut).toBe(2);
  const told = peer.events.flatMap((event) => (event.event === 'path_left_out' ? [event] : []));
  expect(told.map(({ path }) => path).sort()).toEqual([
    join(tree, 'pipe'),
    join(tree, 'sub', 'other'),
  ]);
  const from = { peer, address: addresses[0]!, cid, file: tree };
  expect(await fetcher(dir, 'out', from, '--linger', '0').exit).toBe(0);
  expect(await readdir(join(dir, 'out', 'tree'), { recursive: true })).toEqual(['sub', 'sub/file']);
  await sameBytes(join(dir, 'out', 'tree', 'sub', 'file'), join(tree, 'sub', 'file'));
  await peer.end();
  expect(await peer.exit).toBe(1);
  expect(peer.stderr).toContain('2 entries were left out');
});

it('says so to a person', async () => {
  const { dir, tree } = await odd();
  const peer = start(['peer', '--data', join(dir, 'data'), '--share', tree]);
  await expect
    .poll(() => peer.stderr, { timeout: 30_000 })
    .toContain('INCOMPLETE: 2 of its entries left out');
  expect(peer.stderr).toContain(`warning: left out: ${join(tree, 'pipe')}: is a special file`);
});

it('cid names the same, says what is left out, and ends with 1', async () => {
  const { tree } = await odd();
  const { code, stdout, stderr } = await run(['cid', tree]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^bafy\w+\n$/);
  expect(stderr).toContain('pipe: is a special file');
  expect(stderr.trim().split('\n').at(-1)).toContain('hubswarm: 2 entries were left out: ');
  const json = await run(['cid', '--json', tree]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ cid: stdout.trim(), leftOut: 2 });
});

it('a share that is stopped while it hashes begins behind its last whole file', async () => {
  const dir = await scratch();
  const tree = join(dir, 'tree');
  await mkdir(tree);
  for (let file = 0; file < 256; file++) {
    await writeFile(join(tree, `f${file}`), '');
    await truncate(join(tree, `f${file}`), 2 ** 26);
  }
  const share = ['peer', '--json', '--data', join(dir, 'data'), '--share', tree];
  const first = start(share);
  await first.until('hashing_progressed');
  await first.end();
  expect(first.events.some(({ event }) => event === 'file_shared')).toBe(false);
  const records = await readdir(join(dir, 'data', 'hashed'));
  expect(records).toHaveLength(1);
  expect(await readFile(join(dir, 'data', 'hashed', records[0]!), 'utf8')).toContain(`${tree}/f`);
});
