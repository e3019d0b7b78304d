import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as dagPb from '@ipld/dag-pb';
import fc from 'fast-check';
import { UnixFS, type UnixFSType } from 'ipfs-unixfs';
import { importer } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import { dagPbCid, rawCid, sha256 } from '../../src/content/cid.ts';
import { type Manifest, pieceCid, pieceDigest } from '../../src/content/manifest.ts';
import { resolveManifest } from '../../src/content/resolve.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { importedTree, seededBytes, tempDir, writeTree } from '../disk/files.ts';

/** Blocks by CID, and a count of what was asked for. */
class Blocks {
  readonly map = new Map<string, Uint8Array>();
  readonly asked: string[] = [];

  get = async (cid: CID): Promise<Uint8Array> => {
    this.asked.push(String(cid));
    const block = this.map.get(String(cid));
    if (!block) throw new Error(`nobody has ${cid}`);
    return block;
  };

  put(cid: CID, block: Uint8Array): CID {
    this.map.set(String(cid), block);
    return cid;
  }

  leaf(bytes: Uint8Array): CID {
    return this.put(rawCid(sha256(bytes)), bytes);
  }

  node(data: Uint8Array | undefined, links: dagPb.PBLink[]): CID {
    const block = dagPb.encode(data ? { Data: data, Links: links } : { Links: links });
    return this.put(dagPbCid(block), block);
  }

  /** A file node that claims these lengths. */
  file(children: [CID, number][]): CID {
    const blockSizes = children.map(([, length]) => BigInt(length));
    return this.node(
      new UnixFS({ type: 'file', blockSizes }).marshal(),
      children.map(([Hash, Tsize]) => ({ Name: '', Hash, Tsize })),
    );
  }

  directory(
    entries: [string, CID, number?][],
    type: UnixFSType = 'directory',
    fanout?: bigint,
  ): CID {
    const data = new UnixFS({ type, ...(fanout === undefined ? {} : { fanout }) }).marshal();
    const links = entries.map(([Name, Hash, Tsize]) => ({ Name, Hash, Tsize: Tsize ?? 0 }));
    // Encoded as given, since what is tested is what a remote may send.
    return this.node(
      data,
      links.sort((a, b) => Buffer.compare(Buffer.from(a.Name), Buffer.from(b.Name))),
    );
  }
}

/** Everything of a manifest but what only its object form is. */
const summary = (manifest: Manifest) => ({
  ...manifest,
  root: String(manifest.root),
  geometry: Array.from({ length: manifest.geometry.pieceCount }, (_, i) =>
    manifest.geometry.length(i),
  ),
});

describe('resolveManifest', () => {
  it('reads a directory as the one who imported it does', async () => {
    const { manifest, dag } = await importedTree();
    const resolved = await resolveManifest(manifest.root, async (cid) => dag.get(String(cid))!);
    expect(summary(resolved.manifest)).toEqual(summary(manifest));
    expect([...resolved.dag.keys()]).toEqual([...dag.keys()]);
    expect(resolved.dag.keys().next().value).toBe(String(manifest.root));
  });

  it.each([1, 3, 174, 1024])('reads what others make, with %i-wide nodes', async (width) => {
    const blocks = new Blocks();
    const bytes = seededBytes(width === 1 ? 60 : 64 * 200 + 5);
    const source = [{ path: 'dir/file', content: bytes }];
    let root: CID | undefined;
    for await (const { cid } of importer(source, blocks, {
      rawLeaves: true,
      cidVersion: 1,
      chunker: fixedSize({ chunkSize: 64 }),
      layout: balanced({ maxChildrenPerNode: Math.max(width, 2) }),
    })) {
      root = cid;
    }
    const { manifest } = await resolveManifest(root!, blocks.get);
    expect(manifest.files).toMatchObject([{ path: 'file', length: bytes.length }]);
    for (let piece = 0; piece < manifest.geometry.pieceCount; piece++) {
      const start = manifest.geometry.offset(piece);
      const end = start + manifest.geometry.length(piece);
      expect(Buffer.from(pieceDigest(manifest, piece))).toEqual(
        Buffer.from(sha256(bytes.subarray(start, end))),
      );
    }
    // Inner blocks only, each once.
    expect(blocks.asked.some((cid) => cid === String(pieceCid(manifest, 0)))).toBe(false);
    expect(new Set(blocks.asked).size).toBe(blocks.asked.length);
  });

  it('reads version 0 nodes over raw leaves', async () => {
    const blocks = new Blocks();
    const inner = blocks.file([[blocks.leaf(seededBytes(5)), 5]]);
    const v0 = CID.create(0, dagPb.code, inner.multihash);
    blocks.put(v0, blocks.map.get(String(inner))!);
    const { manifest } = await resolveManifest(v0, blocks.get);
    expect(manifest.geometry.totalLength).toBe(5);
    expect(String(manifest.root)).toBe(String(v0));
  });

  it('asks for the root when it is a leaf, to learn its length', async () => {
    const blocks = new Blocks();
    const root = blocks.leaf(seededBytes(100));
    const { manifest, dag } = await resolveManifest(root, blocks.get);
    expect(manifest.files).toEqual([{ path: '', length: 100, firstPiece: 0, pieceCount: 1 }]);
    expect(dag.size).toBe(0);
    expect(blocks.asked).toEqual([String(root)]);
  });

  it('asks for a block once that is linked often', async () => {
    const blocks = new Blocks();
    const part = blocks.file([[blocks.leaf(seededBytes(3)), 3]]);
    const root = blocks.file(Array.from({ length: 50 }, () => [part, 3] as [CID, number]));
    const { manifest, dag } = await resolveManifest(root, blocks.get);
    expect(manifest.geometry.pieceCount).toBe(50);
    expect(blocks.asked).toHaveLength(2);
    expect(dag.size).toBe(2);
  });

  it('asks for at most 8 blocks at once', async () => {
    const { manifest, dag } = await importPath(await manyDirectories());
    let open = 0;
    let most = 0;
    await resolveManifest(manifest.root, async (cid) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return dag.get(String(cid))!;
    });
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(9);
  });
});

async function manyDirectories(): Promise<string> {
  const root = join(await tempDir(), 'tree');
  await writeTree(
    root,
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}/${i}`, seededBytes(9, i)])),
  );
  return root;
}

describe('resolveManifest, given what it must not believe', () => {
  const leafOf = (blocks: Blocks): CID => blocks.leaf(seededBytes(9));

  it.each<[string, (blocks: Blocks) => CID, string | RegExp]>([
    [
      'bytes that are not dag-pb',
      (b) => b.put(dagPbCid(seededBytes(50)), seededBytes(50)),
      /not a UnixFS node/,
    ],
    ['no UnixFS data', (b) => b.node(undefined, []), /not a UnixFS node/],
    ['UnixFS data that is noise', (b) => b.node(seededBytes(30), []), /not a UnixFS node/],
    [
      'a symlink',
      (b) => b.node(new UnixFS({ type: 'symlink', data: seededBytes(3) }).marshal(), []),
      /symlink/,
    ],
    [
      'file bytes in a dag-pb node',
      (b) => b.node(new UnixFS({ type: 'file', data: seededBytes(3) }).marshal(), []),
      /raw leaves/,
    ],
    [
      'dag-pb leaves',
      (b) => b.file([[b.node(new UnixFS({ type: 'raw', data: seededBytes(3) }).marshal(), []), 3]]),
      /raw leaves/,
    ],
    [
      'fewer lengths than links',
      (b) =>
        b.node(new UnixFS({ type: 'file' }).marshal(), [{ Name: '', Hash: leafOf(b), Tsize: 9 }]),
      /1 links and 0 lengths/,
    ],
    ['a leaf of no bytes', (b) => b.file([[leafOf(b), 0]]), /length of 0/],
    ['a leaf of over 2 MiB', (b) => b.file([[leafOf(b), 2 ** 21 + 1]]), /accepted are 1 to/],
    [
      'a length past 2^53',
      (b) =>
        b.node(new UnixFS({ type: 'file', blockSizes: [2n ** 60n] }).marshal(), [
          { Name: '', Hash: leafOf(b), Tsize: 9 },
        ]),
      /length of/,
    ],
    [
      'a part shorter than claimed',
      (b) => b.file([[b.file([[leafOf(b), 9]]), 10]]),
      /not the part of 10/,
    ],
    ['a directory inside a file', (b) => b.file([[b.directory([]), 9]]), /not the part/],
    [
      'a leaf of another hash',
      (b) =>
        b.file([[CID.parse('bafkr4icyxuaf45lzqnzxcl6puaf3mqx33lf3pzthw7rdlcbyjknuvhytpi'), 9]]),
      /not of a kind/,
    ],
    [
      'an entry of another codec',
      (b) =>
        b.directory([
          ['a', CID.parse('bafyreigdmqpykrgxyaxtlafqpqhzrb7qy2rh75nldvfd4tucqmqqme5yje')],
        ]),
      /not of a kind/,
    ],
    [
      'a raw entry that is not empty, as claimed',
      (b) => b.directory([['a', leafOf(b), 0]]),
      /not empty/,
    ],
    [
      'a raw entry of over 2 MiB',
      (b) => b.directory([['a', leafOf(b), 2 ** 21 + 1]]),
      /accepted are 1 to/,
    ],
    [
      'an entry without a size',
      (b) => b.node(new UnixFS({ type: 'directory' }).marshal(), [{ Name: 'a', Hash: leafOf(b) }]),
      /without a name or a size/,
    ],
    ...['', '.', '..', 'a/b', '/etc', 'nul\0'].map(
      (name): [string, (blocks: Blocks) => CID, RegExp] => [
        `an entry named ${JSON.stringify(name)}`,
        (b) => b.directory([[name, leafOf(b), 9]]),
        /not safe/,
      ],
    ),
    ['a name of 256 bytes', (b) => b.directory([['ä'.repeat(128), leafOf(b), 9]]), /more than 255/],
    [
      'a name twice',
      (b) =>
        b.directory([
          ['a', leafOf(b), 9],
          ['a', b.directory([])],
        ]),
      /twice/,
    ],
    ['a shard without a fanout', (b) => b.directory([], 'hamt-sharded-directory'), /fanout of 0/],
    ['a shard of 3', (b) => b.directory([], 'hamt-sharded-directory', 3n), /fanout of 3/],
    ['a shard of 2^20', (b) => b.directory([], 'hamt-sharded-directory', 2n ** 20n), /fanout of/],
    [
      'a plain directory as a part of a shard',
      (b) => b.directory([['00', b.directory([])]], 'hamt-sharded-directory', 256n),
      /not a directory shard/,
    ],
    [
      'a name twice in two shards',
      (b) => {
        const part = b.directory([['00a', leafOf(b), 9]], 'hamt-sharded-directory', 256n);
        return b.directory(
          [
            ['00', part],
            ['01', part],
          ],
          'hamt-sharded-directory',
          256n,
        );
      },
      /twice/,
    ],
    [
      'a shard entry with a short prefix',
      (b) => b.directory([['0', leafOf(b), 9]], 'hamt-sharded-directory', 256n),
      /not safe/,
    ],
    [
      'a directory 200 deep',
      (b) => {
        let cid = b.directory([]);
        for (let i = 0; i < 200; i++) cid = b.directory([['d', cid]]);
        return cid;
      },
      /levels deep/,
    ],
    [
      'a file 200 deep',
      (b) => {
        let cid = b.file([[leafOf(b), 9]]);
        for (let i = 0; i < 200; i++) cid = b.file([[cid, 9]]);
        return cid;
      },
      /levels deep/,
    ],
    [
      'a path of over 4096 bytes',
      (b) => {
        let cid = b.directory([]);
        for (let i = 0; i < 20; i++) cid = b.directory([['d'.repeat(250), cid]]);
        return cid;
      },
      /path of more than/,
    ],
  ])('refuses %s', async (_, build, reason) => {
    const blocks = new Blocks();
    await expect(resolveManifest(build(blocks), blocks.get)).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringMatching(reason),
    });
  });

  it('refuses a block of another hash before it is parsed', async () => {
    const blocks = new Blocks();
    const root = blocks.file([[leafOf(blocks), 9]]);
    const lie = new Blocks();
    blocks.map.set(String(root), lie.map.get(String(lie.file([[leafOf(lie), 8]])))!);
    await expect(resolveManifest(root, blocks.get)).rejects.toMatchObject({
      code: 'ERR_HASH_MISMATCH',
    });
  });

  it('refuses a block that is too long', async () => {
    const blocks = new Blocks();
    const root = blocks.leaf(seededBytes(101));
    const limited = resolveManifest(root, blocks.get, { maxBlockBytes: 100 });
    await expect(limited).rejects.toMatchObject({ code: 'ERR_MANIFEST' });
  });

  it('refuses a root of another kind without asking for it', async () => {
    const blocks = new Blocks();
    const root = CID.parse('bafkqaaa');
    await expect(resolveManifest(root, blocks.get)).rejects.toMatchObject({ code: 'ERR_MANIFEST' });
    expect(blocks.asked).toEqual([]);
  });

  it('ends at the limit of pieces', async () => {
    const blocks = new Blocks();
    const leaf = leafOf(blocks);
    const root = blocks.file(Array.from({ length: 11 }, () => [leaf, 9] as [CID, number]));
    await expect(resolveManifest(root, blocks.get, { maxPieces: 10 })).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('10 pieces'),
    });
    await expect(resolveManifest(root, blocks.get, { maxPieces: 11 })).resolves.toBeDefined();
  });

  it('ends soon on a few blocks that unfold into 10^18 directories', async () => {
    const blocks = new Blocks();
    let cid = blocks.directory([]);
    for (let level = 0; level < 6; level++) {
      cid = blocks.directory(Array.from({ length: 1000 }, (_, i) => [`${i}`, cid]));
    }
    await expect(resolveManifest(cid, blocks.get)).rejects.toMatchObject({ code: 'ERR_MANIFEST' });
  });

  it('ends soon on a few blocks that unfold into 10^18 leaves', async () => {
    const blocks = new Blocks();
    let cid = leafOf(blocks);
    let length = 9;
    for (let level = 0; level < 5; level++) {
      cid = blocks.file(Array.from({ length: 1000 }, () => [cid, length] as [CID, number]));
      length *= 1000;
    }
    const resolved = resolveManifest(cid, blocks.get);
    await expect(resolved).rejects.toMatchObject({ code: 'ERR_MANIFEST' });
  });

  it('ends soon on a few blocks that unfold into long paths', async () => {
    const blocks = new Blocks();
    const empty = blocks.leaf(new Uint8Array());
    let cid = blocks.directory(Array.from({ length: 2000 }, (_, i) => [`${i}`, empty]));
    cid = blocks.directory(Array.from({ length: 20 }, (_, i) => [`d${i}`, cid]));
    for (let level = 0; level < 15; level++) {
      cid = blocks.directory([[String(level).padEnd(250, 'n'), cid]]);
    }
    await expect(resolveManifest(cid, blocks.get)).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('characters in paths'),
    });
  });

  it('ends soon on a few blocks that unfold into long targets of links', async () => {
    const blocks = new Blocks();
    const data = Buffer.from(`${'a/'.repeat(2000)}b`);
    const link = blocks.node(new UnixFS({ type: 'symlink', data }).marshal(), []);
    const links = blocks.directory(
      Array.from({ length: 400 }, (_, i): [string, CID] => [`${i}`, link]),
    );
    const cid = blocks.directory(
      Array.from({ length: 400 }, (_, i): [string, CID] => [`${i}`, links]),
    );
    await expect(resolveManifest(cid, blocks.get)).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('characters in paths'),
    });
  });

  it('counts links before it walks them', async () => {
    const blocks = new Blocks();
    const empty = blocks.leaf(new Uint8Array());
    const files = Array.from({ length: 30_000 }, (_, i): [string, CID] => [`f${i}`, empty]);
    let cid = blocks.directory([]);
    // The way down comes first in each.
    for (let level = 0; level < 12; level++) cid = blocks.directory([...files, ['a', cid]]);
    await expect(resolveManifest(cid, blocks.get, { maxPieces: 1000 })).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('limit of links'),
    });
    expect(blocks.asked.length).toBeLessThan(12);
  });

  it('of which only a file is wanted asks for no more than the root of a directory', async () => {
    const blocks = new Blocks();
    const file = blocks.file([[leafOf(blocks), 9]]);
    const root = blocks.directory([['d', blocks.directory([['f', file]])]]);
    await expect(resolveManifest(root, blocks.get, { fileOnly: true })).rejects.toMatchObject({
      code: 'ERR_MANIFEST',
      message: expect.stringContaining('is a directory'),
    });
    expect(blocks.asked).toEqual([String(root)]);
    await expect(resolveManifest(file, blocks.get, { fileOnly: true })).resolves.toBeDefined();
  });

  it('passes on what the source of blocks throws, and stops at an abort', async () => {
    const blocks = new Blocks();
    const root = blocks.directory([['a', dagPbCid(seededBytes(3))]]);
    await expect(resolveManifest(root, blocks.get)).rejects.toThrow(/nobody has/);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(resolveManifest(root, blocks.get, { signal })).rejects.toThrow('enough');
  });

  it('gives a manifest or a named error for any damage to a real DAG', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, seededBytes(3000));
    const { manifest, dag } = await importPath(path, { pieceLength: 64 });
    const block = dag.get(String(manifest.root))!;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(block.length),
        async (changes, length) => {
          const damaged = Buffer.from(block.subarray(0, length));
          for (const [at, value] of changes) if (at < length) damaged[at] = value;
          const root = dagPbCid(damaged);
          const resolved = resolveManifest(root, async () => damaged).then(
            () => 'manifest',
            (error: { code?: string }) => error.code,
          );
          expect(['manifest', 'ERR_MANIFEST', 'ERR_HASH_MISMATCH']).toContain(await resolved);
        },
      ),
      { numRuns: 500 },
    );
  });
});
