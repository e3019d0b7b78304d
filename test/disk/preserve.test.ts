// Modes and times of files in a DAG: what the sharer tells, and what a receiver makes of it.
import { chmod, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as dagPb from '@ipld/dag-pb';
import fc from 'fast-check';
import { UnixFS } from 'ipfs-unixfs';
import { importer } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import type { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { dagPbCid } from '../../src/content/cid.ts';
import { resolveManifest } from '../../src/content/resolve.ts';
import { cidAt, subsetAt } from '../../src/content/subset.ts';
import { FileStore } from '../../src/disk/file-store.ts';
import { type Imported, importPath } from '../../src/disk/import/import.ts';
import { seededBytes, tempDir } from './files.ts';

const WHEN = new Date('2001-02-03T04:05:06.789Z');

async function write(path: string, bytes: Uint8Array, mode: number, when = WHEN): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  await chmod(path, mode);
  await utimes(path, when, when);
}

/** What a receiver has in the end, of a DAG that came block by block. */
async function receive({ manifest: made, dag, sources }: Imported, target: string) {
  const blocks = async (cid: CID) => dag.get(String(cid))!;
  const { manifest } = dag.size > 0 ? await resolveManifest(made.root, blocks) : { manifest: made };
  const from = FileStore.share({ manifest, dag, sources, name: '' });
  const store = await FileStore.download(manifest, target);
  for (let piece = 0; piece < manifest.geometry.pieceCount; piece++) {
    const bytes = await from.read(piece, 0, manifest.geometry.length(piece));
    expect(await store.write(piece, [bytes])).toBe(true);
  }
  await store.publish();
  await store.close();
  await from.close();
}

async function facts(path: string) {
  const { mode, mtime, size } = await stat(path);
  return [(mode & 0o7777).toString(8), mtime.toISOString(), size];
}

describe('a shared directory', () => {
  it('gives modes and times of its files, but neither set-id bits nor writing for others', async () => {
    const root = join(await tempDir(), 'tree');
    await write(join(root, 'exe'), seededBytes(10), 0o4755);
    await write(join(root, 'private'), seededBytes(100), 0o600, new Date('1955-01-01T00:00:00Z'));
    await write(join(root, 'sub/for all'), seededBytes(70_000), 0o777);
    await write(join(root, 'sub/secret'), seededBytes(0), 0o000, new Date('2150-01-01T00:00:00Z'));
    await write(join(root, 'usual'), seededBytes(5), 0o644);
    const imported = await importPath(root, { pieceLength: 16_384, preserve: true });
    const target = join(await tempDir(), 'copy');
    await receive(imported, target);
    const when = WHEN.toISOString();
    expect(await facts(join(target, 'exe'))).toEqual(['755', when, 10]);
    expect(await facts(join(target, 'private'))).toEqual(['600', '1955-01-01T00:00:00.000Z', 100]);
    expect(await facts(join(target, 'sub/for all'))).toEqual(['755', when, 70_000]);
    expect(await facts(join(target, 'sub/secret'))).toEqual(['400', '2150-01-01T00:00:00.000Z', 0]);
    expect(await facts(join(target, 'usual'))).toEqual(['644', when, 5]);
  });

  it('gives modes and times of its directories, and locks nobody out', async () => {
    const root = join(await tempDir(), 'tree');
    await write(join(root, 'open/f'), seededBytes(10), 0o644);
    await write(join(root, 'closed/in/f'), seededBytes(10), 0o644);
    await mkdir(join(root, 'empty'));
    await chmod(join(root, 'open'), 0o1777);
    await chmod(join(root, 'closed/in'), 0o000);
    await chmod(join(root, 'closed'), 0o500);
    await chmod(join(root, 'empty'), 0o755);
    await chmod(root, 0o700);
    const old = new Date('1955-01-01T00:00:00Z');
    const ahead = new Date('2150-01-01T00:00:00Z');
    await utimes(join(root, 'open'), old, old);
    await utimes(join(root, 'closed/in'), ahead, ahead);
    for (const path of ['closed', 'empty', '']) await utimes(join(root, path), WHEN, WHEN);
    const imported = await importPath(root, { pieceLength: 16_384, preserve: true });
    const target = join(await tempDir(), 'copy');
    await receive(imported, target);
    const look = async (path: string) => (await facts(join(target, path))).slice(0, 2);
    const when = WHEN.toISOString();
    expect(await look('')).toEqual(['700', when]);
    expect(await look('open')).toEqual(['755', old.toISOString()]);
    expect(await look('closed')).toEqual(['700', when]);
    expect(await look('closed/in')).toEqual(['700', ahead.toISOString()]);
    expect(await look('empty')).toEqual(['755', when]);
    // Where no mode had to be mended, whoever received it names the same CID.
    const part = await importPath(join(target, 'empty'), { preserve: true });
    const same = await importPath(join(root, 'empty'), { preserve: true });
    expect(String(part.manifest.root)).toBe(String(same.manifest.root));
  });

  it('gives them of a directory of several shards, and of a part that is fetched alone', async () => {
    const root = join(await tempDir(), 'tree');
    await mkdir(join(root, 'large'), { recursive: true });
    for (let i = 0; i < 1200; i++)
      await writeFile(join(root, 'large', `${'n'.repeat(200)}${i}`), '');
    await chmod(join(root, 'large'), 0o750);
    await utimes(join(root, 'large'), WHEN, WHEN);
    const { manifest, dag, ...rest } = await importPath(root, { preserve: true });
    expect(manifest.directoryAttributes?.get('large')).toEqual({
      modifiedMs: WHEN.getTime(),
      mode: 0o750,
    });
    const { cid, path } = cidAt({ manifest, dag }, 'large');
    const part = subsetAt({ manifest, dag }, cid, path);
    const target = join(await tempDir(), 'copy');
    await receive({ ...rest, ...part }, target);
    expect((await facts(target)).slice(0, 2)).toEqual(['750', WHEN.toISOString()]);
    expect(part.dag.size).toBeGreaterThan(1);
  });

  it('is named otherwise than without, and the same again by who received it', async () => {
    const path = join(await tempDir(), 'exe');
    await write(path, seededBytes(10), 0o755);
    const without = await importPath(path);
    const preserved = await importPath(path, { preserve: true });
    expect(String(preserved.manifest.root)).not.toBe(String(without.manifest.root));
    const target = join(await tempDir(), 'exe');
    await receive(preserved, target);
    const again = await importPath(target, { preserve: true });
    expect(String(again.manifest.root)).toBe(String(preserved.manifest.root));
    await receive(without, join(target, '../plain'));
    expect((await facts(join(target, '../plain')))[0]).toBe('644');
  });
});

// The reference writes them into every node of a larger one, and kubo into its root alone.
it.each([2, 173, 174])(
  'a file of %i leaves has the reference CID with mode and time',
  async (leaves) => {
    const path = join(await tempDir(), 'file');
    const content = seededBytes(leaves * 16);
    await write(path, content, 0o750);
    const { manifest } = await importPath(path, { pieceLength: 16, preserve: true });
    const mtime = { secs: BigInt(Math.floor(WHEN.getTime() / 1000)), nsecs: 789_000_000 };
    const candidate = { path: 'file', content, mode: 0o750, mtime };
    const blockstore = { put: (cid: CID) => cid };
    let last: CID | undefined;
    for await (const { cid } of importer([candidate], blockstore, {
      ...{ cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: 16 }) },
    })) {
      last = cid;
    }
    expect(String(manifest.root)).toBe(String(last));
  },
);

it('odd modes and times of a remote do no harm', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.option(fc.nat({ max: 2 ** 32 - 1 }), { nil: undefined }),
      fc.nat({ max: 2 ** 31 }),
      async (secs, nsecs, mode) => {
        const mtime = { secs, ...(nsecs === undefined ? {} : { nsecs }) };
        const node = new UnixFS({ type: 'file', mode, mtime });
        const block = dagPb.encode({ Data: node.marshal(), Links: [] });
        const { manifest } = await resolveManifest(dagPbCid(block), async () => block);
        const target = join(await tempDir(), 'odd');
        const store = await FileStore.download(manifest, target);
        await store.publish();
        await store.close();
        const found = await stat(target);
        expect(found.mode & 0o7022).toBe(0);
        expect(Number.isNaN(found.mtime.getTime())).toBe(false);
      },
    ),
    { numRuns: 50 },
  );
});
