// --get CID/path: what is named below a shared directory, by the built binary.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Running, scratch, start } from '../binary.ts';
import { fetcher, MIB, type Origin } from '../swarm.ts';

async function shareTree(): Promise<Origin & { dir: string }> {
  const dir = await scratch();
  const tree = join(dir, 'tree');
  await mkdir(join(tree, 'sub', 'empty'), { recursive: true });
  await writeFile(join(tree, 'other'), Buffer.alloc(2 * MIB, 'o'));
  await writeFile(join(tree, 'sub', 'ü b'), Buffer.alloc(300_000, 'b'));
  const peer = start(['peer', '--json', '--data', join(dir, 'origin'), '--share', tree]);
  const { addresses } = await peer.until('listening');
  const { cid } = await peer.until('file_shared');
  return { dir, peer, address: addresses[0]!, cid, file: tree };
}

const get = (from: Origin & { dir: string }, path: string): Running =>
  fetcher(from.dir, 'out', { ...from, cid: `${from.cid}/${path}` }, '--linger', '0');

it('a file arrives alone, under its own name', async () => {
  const from = await shareTree();
  const peer = get(from, 'sub/ü b');
  expect(await peer.exit).toBe(0);
  expect(await readdir(join(from.dir, 'out'))).toEqual(['ü b']);
  expect(await readFile(join(from.dir, 'out', 'ü b'), 'utf8')).toBe('b'.repeat(300_000));
  expect(await peer.until('transfer_completed')).toMatchObject({ bytes: 300_000, name: 'ü b' });
});

it('a directory arrives with all that is in it, and its CID is the one to ask for', async () => {
  const from = await shareTree();
  const peer = get(from, '/sub/');
  expect(await peer.exit).toBe(0);
  expect((await readdir(join(from.dir, 'out'), { recursive: true })).sort()).toEqual([
    'sub',
    'sub/empty',
    'sub/ü b',
  ]);
  const { cid } = await peer.until('transfer_completed');
  const again = fetcher(from.dir, 'again', { ...from, cid: cid! }, '--linger', '0');
  expect(await again.exit).toBe(0);
  expect(await readdir(join(from.dir, 'again'))).toHaveLength(1);
});

it.each([
  ['sub/none', 'nothing is named sub/none; sub holds empty, ü b'],
  ['other/x', 'nothing is named other/x; other is no directory'],
  ['../tree', 'nothing is named ..; it holds other, sub'],
])('%s is not there, and it is said what is', async (path, message) => {
  const from = await shareTree();
  const peer = get(from, path);
  expect(await peer.exit).toBe(1);
  expect(peer.stderr).toContain(message);
});
