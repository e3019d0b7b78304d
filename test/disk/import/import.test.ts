import { createCipheriv, createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as dagPb from '@ipld/dag-pb';
import fc from 'fast-check';
import { importer } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import type { CID } from 'multiformats/cid';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pieceCid } from '../../../src/content/manifest.ts';
import { importPath } from '../../../src/disk/import/import.ts';
import { seededBytes, tempDir, writeTree } from '../files.ts';

const KIB = 1024;

/** What the reference implementation calls the same files. */
async function referenceCid(
  files: Record<string, Uint8Array>,
  chunkSize: number,
  wrapWithDirectory: boolean,
): Promise<string> {
  const candidates = Object.entries(files).map(([path, content]) =>
    path.endsWith('/') ? { path: path.slice(0, -1) } : { path, content },
  );
  const blockstore = { put: (cid: CID) => cid };
  let last: CID | undefined;
  for await (const entry of importer(candidates, blockstore, {
    cidVersion: 1,
    rawLeaves: true,
    wrapWithDirectory,
    chunker: fixedSize({ chunkSize }),
  })) {
    last = entry.cid;
  }
  return String(last);
}

describe('a file', () => {
  // Around each boundary of the layout: a leaf, a node of 174 leaves, 174 nodes of 174.
  const n = 16;
  const sizes = [0, 1, n - 1, n, n + 1, 2 * n, 173 * n, 174 * n, 174 * n + 1, 175 * n];
  const deep = [174 * 174 * n - 1, 174 * 174 * n, 174 * 174 * n + 1, 175 * 174 * n + 5];
  it.each([...sizes, ...deep])(
    'of %i bytes in leaves of 16 has the reference CID',
    async (size) => {
      const path = join(await tempDir(), 'file');
      const bytes = seededBytes(size);
      await writeFile(path, bytes);
      const { manifest } = await importPath(path, { pieceLength: n });
      expect(String(manifest.root)).toBe(await referenceCid({ file: bytes }, n, false));
      expect(manifest.geometry.totalLength).toBe(size);
      expect(manifest.geometry.pieceCount).toBe(Math.ceil(size / n));
    },
  );

  it.each([
    [5 * KIB * KIB + 3, 256 * KIB],
    [9 * KIB * KIB, KIB * KIB],
    [4 * KIB * KIB + 1, 2 * KIB * KIB],
  ])('of %i bytes, more than one read, in leaves of %i', async (size, pieceLength) => {
    const path = join(await tempDir(), 'file');
    const bytes = seededBytes(size);
    await writeFile(path, bytes);

    const { manifest } = await importPath(path, { pieceLength });
    expect(String(manifest.root)).toBe(await referenceCid({ file: bytes }, pieceLength, false));
  });

  it.each([
    ['', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
    ['hello world', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
  ])('holding %j has the CID that kubo gives it', async (text, cid) => {
    const path = join(await tempDir(), 'greeting.txt');
    await writeFile(path, text);
    const { manifest, dag, name, sources } = await importPath(path);
    expect(String(manifest.root)).toBe(cid);
    expect(manifest.files).toEqual([
      { path: '', length: text.length, firstPiece: 0, pieceCount: text === '' ? 0 : 1 },
    ]);
    expect(dag.size).toBe(0);
    expect(name).toBe('greeting.txt');
    expect(sources).toMatchObject([{ path, size: text.length }]);
  });

  it('of any size in leaves of any length has the reference CID', async () => {
    const path = join(await tempDir(), 'file');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 64 }), fc.nat(400), async (length, leaves) => {
        const bytes = seededBytes(Math.max(0, leaves * length - (leaves % length)));
        await writeFile(path, bytes);
        const { manifest } = await importPath(path, { pieceLength: length });
        expect(String(manifest.root)).toBe(await referenceCid({ file: bytes }, length, false));
      }),
      { numRuns: 25 },
    );
  });

  // kubo: test/cli/cid_profiles_test.go, profile unixfs-v1-2025; up to 174 leaves its CIDs are ours.
  it.each([
    [1048576, 'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta'],
    [1048577, 'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64'],
  ])('of kubo’s %i test bytes has the CID that kubo gives it', async (size, cid) => {
    const path = join(await tempDir(), 'file');
    const key = createHash('sha256').update('chunk-v1-seed').digest();
    const stream = createCipheriv('chacha20', key, Buffer.alloc(16));
    await writeFile(path, stream.update(Buffer.alloc(size)));
    const { manifest } = await importPath(path, { pieceLength: 1024 * KIB });
    expect(String(manifest.root)).toBe(cid);
  });

  it('has its inner blocks depth first from the root', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(16 * 174 * 175));
    const { manifest, dag } = await importPath(path, { pieceLength: 16 });
    const walk = (cid: CID): string[] => [
      String(cid),
      ...dagPb
        .decode(dag.get(String(cid))!)
        .Links.filter(({ Hash }) => Hash.code === dagPb.code)
        .flatMap(({ Hash }) => walk(Hash)),
    ];
    expect(dag.size).toBe(1 + 2 + 175);
    expect([...dag.keys()]).toEqual(walk(manifest.root));
  });

  it('has pieces whose CIDs are the leaves', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, 'hello world'.repeat(2));
    const { manifest, dag } = await importPath(path, { pieceLength: 11 });
    expect(String(pieceCid(manifest, 1))).toBe(
      'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
    );
    expect([...dag.keys()]).toEqual([String(manifest.root)]);
  });

  it('reports the bytes hashed, up to all of them', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(100));
    const seen: number[] = [];
    await importPath(path, { pieceLength: 30, onProgress: (bytes) => seen.push(bytes) });
    expect(seen).toEqual([30, 60, 90, 100]);
  });
});

describe('a directory', () => {
  const trees: Record<string, Record<string, Uint8Array>> = {
    empty: {},
    flat: { b: seededBytes(40), a: seededBytes(3), 'ä ü.txt': seededBytes(0) },
    nested: {
      'z/deep/er/file': seededBytes(500, 2),
      'z/file': seededBytes(16 * 175, 3),
      'z/none/': new Uint8Array(),
      '.hidden': seededBytes(9, 4),
      'back\\slash': seededBytes(9, 5),
      top: seededBytes(16, 6),
    },
    // A name and a CID take about 290 bytes: past 256 KiB at some 900 entries.
    sharded: Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`${'x'.repeat(240)}-${i}`, seededBytes(i % 40, i)]),
    ),
  };
  it.each(Object.keys(trees))('that is %s has the reference CID', async (kind) => {
    const root = join(await tempDir(), 'tree');
    const files = trees[kind]!;
    await writeTree(root, files);
    const imported = await importPath(root, { pieceLength: 16 });
    expect(String(imported.manifest.root)).toBe(await referenceCid(files, 16, true));
    expect(imported.manifest.kind).toBe('directory');
    const names = Object.keys(files).filter((path) => !path.endsWith('/'));
    expect(imported.manifest.files.map(({ path }) => path).sort()).toEqual(names.sort());
    for (const [i, file] of imported.manifest.files.entries()) {
      expect(imported.sources[i]).toMatchObject({
        path: join(root, file.path),
        size: file.length,
      });
    }
  });

  it('that holds many directories is sharded as a node does it, by their CIDs too', async () => {
    const root = join(await tempDir(), 'tree');
    const names = Array.from({ length: 950 }, (_, i) => `${'d'.repeat(240)}-${i}`);
    await mkdir(root);
    await Promise.all(names.map((name) => mkdir(join(root, name))));
    const { manifest, dag } = await importPath(root);
    expect(dag.size).toBeGreaterThan(2);
    expect([...manifest.directories].sort()).toEqual(names.sort());
  });

  it('keeps the directories that hold nothing', async () => {
    const root = join(await tempDir(), 'tree');
    await writeTree(root, { 'a/b/': new Uint8Array(), 'c/d': seededBytes(1) });
    const { manifest } = await importPath(root);
    expect(manifest.directories).toEqual(['a', 'a/b', 'c']);
  });
});

describe('what cannot be shared', () => {
  it('says that a path does not exist', async () => {
    const path = join(await tempDir(), 'missing');
    await expect(importPath(path)).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: `${path}: no such file or directory`,
    });
  });

  it('refuses a symbolic link inside a directory, by its name', async () => {
    const root = join(await tempDir(), 'tree');
    await writeTree(root, { 'sub/a': seededBytes(1) });
    await symlink('/etc/passwd', join(root, 'sub/link'));
    await expect(importPath(root)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining('sub/link: is a symbolic link'),
    });
  });

  it('follows a symbolic link that was named itself', async () => {
    const root = await tempDir();
    await writeFile(join(root, 'file'), 'hello world');
    await symlink('file', join(root, 'link'));
    const { manifest, name } = await importPath(join(root, 'link'));
    expect(name).toBe('link');
    expect(manifest.geometry.totalLength).toBe(11);
  });

  it('refuses a socket', async () => {
    const path = join(await tempDir(), 'socket');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await new Promise((listening) => server.once('listening', listening));
    await expect(importPath(path)).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('is a special file'),
    });
  });

  it('refuses what makes more pieces than a receiver takes, before it reads them', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, '');
    await truncate(path, 2 ** 21 + 2);
    await expect(importPath(path, { pieceLength: 2 })).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: `${path}: makes 1048577 pieces of 2 bytes; accepted are 1048576`,
    });
  });

  it('notices a file that grows while it is read', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(100));
    const imported = importPath(path, {
      pieceLength: 50,
      onProgress: () => appendFileSync(path, 'more'),
    });
    await expect(imported).rejects.toMatchObject({ code: 'ERR_SOURCE_CHANGED' });
  });

  it('stops when it is told to', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(9 * KIB * KIB));
    const abort = new AbortController();
    const reason = new Error('enough');
    const imported = importPath(path, {
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(imported).rejects.toBe(reason);
  });
});
