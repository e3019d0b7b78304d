// Pieces that are on this machine already are not fetched again: counted at the origin's uplink.
import { appendFile, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { fetcher, MIB, type Origin, sameBytes } from '../swarm.ts';

/** Most bytes that a transfer takes besides its pieces: manifest, handshakes, messages. */
const BESIDES = 64 * 1024;
const PIECE = 128 * 1024;

/** Shares a path until the test ends. */
async function share(dir: string, path: string, ...args: string[]): Promise<Origin> {
  const data = join(dir, 'origin');
  const peer = start(['peer', '--json', '--data', data, '--share', path, ...args]);
  const { addresses } = await peer.until('listening');
  const { cid } = await peer.until('file_shared');
  return { peer, address: addresses[0]!, cid, file: path };
}

/** Fetches, and returns what came over the wire. */
async function get(dir: string, name: string, from: Origin, ...args: string[]) {
  const peer = fetcher(dir, name, from, '--linger', '0', ...args);
  expect(await peer.exit).toBe(0);
  await from.peer.end();
  return { sentBytes: sentBy(from.peer), reused: reusedBy(peer), peer };
}

const sentBy = ({ events }: Running): number =>
  events.flatMap((event) => (event.event === 'link_counted' ? [event.sentBytes] : [])).at(-1) ?? 0;
const reusedBy = ({ events }: Running) =>
  events.flatMap((event) => (event.event === 'pieces_reused' ? [event] : []));

describe('pieces at hand', () => {
  it('an appended version moves its last piece, whether the old one lies at the target or elsewhere', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content.bin'), 20 * MIB);
    const old = await share(dir, file);
    await get(dir, 'out', old);
    await appendFile(file, Buffer.alloc(1024, 'x'));

    const there = await get(dir, 'out', await share(dir, file), '--force');
    expect(there.sentBytes).toBeLessThan(PIECE + BESIDES);
    expect(there.reused).toMatchObject([{ pieces: 160, bytes: 20 * MIB }]);
    await sameBytes(join(dir, 'out', 'content.bin'), file);

    // The same data directory, another place: found by the record of what was fetched.
    await appendFile(file, Buffer.alloc(1024, 'y'));
    const newest = await share(dir, file);
    const data = ['--data', join(dir, 'out-data'), '--join', newest.address];
    const args = ['--get', newest.cid, '--out', join(dir, 'elsewhere'), '--linger', '0'];
    expect(await start(['peer', '--json', ...data, ...args]).exit).toBe(0);
    await newest.peer.end();
    expect(sentBy(newest.peer)).toBeLessThan(PIECE + BESIDES);
    await sameBytes(join(dir, 'elsewhere', 'content.bin'), file);
  });

  it('an older version that nobody has recorded, and the partial file of one, are hashed', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content.bin'), 20 * MIB);
    const bytes = await readFile(file);
    await mkdir(join(dir, 'out'));
    // The first half is an old version at the target, the last quarter a partial file of another.
    await writeFile(join(dir, 'out', 'content.bin'), bytes.subarray(0, 10 * MIB));
    const partial = Buffer.concat([Buffer.alloc(15 * MIB), bytes.subarray(15 * MIB)]);
    await writeFile(join(dir, 'out', 'content.bin.abcd2345.part'), partial);
    const { sentBytes, reused } = await get(dir, 'out', await share(dir, file), '--force');
    expect(reused).toMatchObject([{ pieces: 120 }]);
    expect(sentBytes).toBeLessThan(5 * MIB + BESIDES);
    await sameBytes(join(dir, 'out', 'content.bin'), file);
  });

  it('five equal files move once, and a file of zeros one piece', async () => {
    const dir = await scratch();
    const tree = join(dir, 'tree');
    await mkdir(tree);
    const first = await randomFile(join(tree, 'a'), 2 * MIB);
    for (const name of ['b', 'c', 'd', 'e']) await copyFile(first, join(tree, name));
    await writeFile(join(tree, 'zeros'), Buffer.alloc(4 * MIB));
    const { sentBytes, reused } = await get(dir, 'out', await share(dir, tree));
    expect(sentBytes).toBeLessThan(2 * MIB + 2 * PIECE + BESIDES);
    expect(reused).toMatchObject([{ bytes: 12 * MIB - PIECE / 2, paths: [] }]);
    for (const name of ['a', 'e', 'zeros'])
      await sameBytes(join(dir, 'out', 'tree', name), join(tree, name));
  });

  it('a tree in which files were renamed and one was changed moves that one', async () => {
    const dir = await scratch();
    const tree = join(dir, 'tree');
    await mkdir(join(tree, 'sub'), { recursive: true });
    await randomFile(join(tree, 'big'), 4 * MIB);
    await randomFile(join(tree, 'sub', 'small'), 1000);
    await get(dir, 'out', await share(dir, tree));
    await rename(join(tree, 'big'), join(tree, 'sub', 'renamed'));
    await randomFile(join(tree, 'new'), 100_000);
    const { sentBytes, reused } = await get(dir, 'out', await share(dir, tree), '--force');
    expect(reused).toMatchObject([{ bytes: 4 * MIB + 1000 }]);
    expect(sentBytes).toBeLessThan(100_000 + BESIDES);
    await sameBytes(join(dir, 'out', 'tree', 'sub', 'renamed'), join(tree, 'sub', 'renamed'));
    await sameBytes(join(dir, 'out', 'tree', 'new'), join(tree, 'new'));
  });

  it('what this peer shares is not fetched; a file that is not what was recorded is no source', async () => {
    const dir = await scratch();
    const shared = await randomFile(join(dir, 'shared.bin'), 4 * MIB);
    const changed = await randomFile(join(dir, 'changed.bin'), 4 * MIB);
    const both = join(dir, 'both');
    await mkdir(both);
    for (const name of ['shared.bin', 'changed.bin'])
      await copyFile(join(dir, name), join(both, name));
    const mine = ['--data', join(dir, 'mine')];
    const before = start(['peer', '--json', ...mine, '--share', shared, changed]);
    await before.until('file_shared', ({ name }) => name === 'changed.bin');
    await before.end();
    await writeFile(changed, Buffer.alloc(4 * MIB, 1));
    const from = await share(dir, both);
    const args = [
      '--join',
      from.address,
      '--get',
      from.cid,
      '--out',
      join(dir, 'out'),
      '--linger',
      '0',
    ];
    const told = await run(['peer', ...mine, ...args]);
    expect(told.code).toBe(0);
    await from.peer.end();
    expect(sentBy(from.peer)).toBeGreaterThan(4 * MIB);
    expect(sentBy(from.peer)).toBeLessThan(4 * MIB + BESIDES);
    expect(told.stderr).toContain(`reused 4 MiB of ${shared}`);
    for (const name of ['shared.bin', 'changed.bin'])
      await sameBytes(join(dir, 'out', 'both', name), join(both, name));
  });
});
