// What a CID stands for outlives the origin and the process, whenever that is killed.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/runtime/rng.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { MIB, sameBytes, verified } from '../swarm.ts';

/** All peers of one machine: they find one another by their data directory. */
const peer = (dir: string, ...args: string[]): Running =>
  start(['peer', '--json', '--data', join(dir, 'data'), '--join', ...args]);

async function share(dir: string, path: string): Promise<{ running: Running; cid: string }> {
  const running = peer(dir, '--share', path, '--uplink', '4MiB/s');
  const { cid } = await running.until('file_shared');
  // Otherwise those that fetch would find the pieces in the file that is shared, and fetch none.
  await rm(join(dir, 'data', 'hashed'), { recursive: true });
  return { running, cid };
}

async function tree(path: string, files: number): Promise<string> {
  await mkdir(join(path, 'sub', 'empty'), { recursive: true });
  for (let i = 0; i < files; i++) {
    // No two pieces are equal: those would be fetched once.
    await writeFile(join(path, i % 2 === 0 ? 'sub' : '', `file ${i}`), randomBytes(i * 7000));
  }
  return path;
}

describe('a kept manifest', { timeout: 60_000 }, () => {
  it.each([
    ['file', async (dir: string) => randomFile(join(dir, 'content'), 6 * MIB)],
    ['directory', async (dir: string) => tree(join(dir, 'content'), 40)],
  ])(
    'lets peers that have a %s among them complete, killed at any moment, the origin gone',
    { timeout: 120_000 },
    async (kind, make) => {
      const dir = await scratch();
      const path = await make(dir);
      const origin = await share(dir, path);
      const { pieces } = await origin.running.until('file_shared');
      const outs = ['a', 'b', 'c'].map((name) => join(dir, name));
      const get = (out: string, ...args: string[]): Running =>
        peer(dir, '--get', origin.cid, '--out', out, '--uplink', '2MiB/s', ...args);
      const had = new Set<number>();
      const rng = createRng(11);
      for (let life = 0; had.size < pieces; life++) {
        const peers = outs.map((out) => get(out));
        const before = had.size;
        // At the last, only when every piece is with somebody.
        const enough = life < 6 ? before + rng.below(pieces / 6) : pieces;
        await Promise.race(
          peers.map((each) =>
            each.until('piece_verified', ({ piece }) => had.add(piece).size >= enough),
          ),
        );
        if (had.size >= pieces) await origin.running.end('SIGKILL');
        await Promise.all(peers.map((each) => each.end('SIGKILL')));
        for (const each of peers) for (const piece of verified(each)) had.add(piece);
      }
      await origin.running.end('SIGKILL');
      const peers = outs.map((out) => get(out));
      await Promise.all(peers.map((each) => each.until('transfer_completed')));
      for (const out of outs) {
        expect(await readdir(out)).toEqual(['content']);
        if (kind === 'file') await sameBytes(join(out, 'content'), path);
        else expect(await contentOf(join(out, 'content'))).toEqual(await contentOf(path));
      }
    },
  );

  it('is found beside the partial when the data directory is lost', async () => {
    const dir = await scratch();
    const origin = await share(dir, await randomFile(join(dir, 'content'), 2 * MIB));
    const out = join(dir, 'out');
    const cut = peer(dir, '--get', origin.cid, '--out', out, '--downlink', '1MiB/s');
    await cut.until('piece_verified');
    await cut.end('SIGKILL');
    await origin.running.end('SIGKILL');
    await rm(join(dir, 'data'), { recursive: true });
    const again = peer(dir, '--get', origin.cid, '--out', out);
    const { resumedBytes, name } = await again.until('transfer_started');
    expect(resumedBytes).toBeGreaterThan(0);
    expect(name).toBe('content');
  });

  it('lets a complete peer verify what lies there, serve it, and end as told', async () => {
    const dir = await scratch();
    const path = await randomFile(join(dir, 'content'), 2 * MIB);
    const origin = await share(dir, path);
    const out = join(dir, 'out');
    const get = ['--get', origin.cid, '--out', out];
    expect(await peer(dir, ...get, '--linger', '0').exit).toBe(0);
    await origin.running.end('SIGKILL');
    const alone = peer(dir, ...get, '--linger', '0');
    expect(await alone.exit).toBe(0);
    expect(await alone.until('transfer_completed')).toMatchObject({ found: true });
    const serving = peer(dir, ...get);
    await serving.until('seeding_started');
    const other = peer(dir, '--get', origin.cid, '--out', join(dir, 'other'), '--linger', '0');
    expect(await other.exit).toBe(0);
    await sameBytes(join(dir, 'other', 'content'), path);
    const data = ['--data', join(dir, 'data')];
    const told = await run(['peer', ...data, '--join', ...get, '--linger', '0']);
    expect(told.code).toBe(0);
    expect(told.stderr).toMatch(/^already there, verified: .*content \(2 MiB\)$/m);
  });

  it("never replaces other bytes under the content's name", async () => {
    const dir = await scratch();
    const origin = await share(dir, await randomFile(join(dir, 'content'), MIB));
    const out = join(dir, 'out');
    const get = ['--get', origin.cid, '--out', out, '--linger', '0'];
    expect(await peer(dir, ...get).exit).toBe(0);
    const bytes = await readFile(join(out, 'content'));
    bytes[MIB / 2]! ^= 1;
    await writeFile(join(out, 'content'), bytes);
    const refused = peer(dir, ...get);
    expect(await refused.exit).toBe(1);
    expect(refused.stderr).toMatch(/^hubswarm: .*content: exists and holds something else;.*\n$/);
    expect(await readFile(join(out, 'content'))).toEqual(bytes);
    expect(await peer(dir, ...get, '--force').exit).toBe(0);
    await sameBytes(join(out, 'content'), join(dir, 'content'));
  });
});

/** Each file's bytes by its path; directories as undefined. */
async function contentOf(path: string): Promise<[string, string | undefined][]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const read = entries.map(async (entry): Promise<[string, string | undefined]> => {
    const full = join(entry.parentPath, entry.name);
    return [full.slice(path.length), entry.isFile() ? await readFile(full, 'latin1') : undefined];
  });
  return (await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1));
}
