import { CID } from 'multiformats/cid';
import { expect, it } from 'vitest';
import { EntryIndex } from '../../src/content/entry-index.ts';
import type { Manifest } from '../../src/content/manifest.ts';
import { resolveManifest } from '../../src/content/resolve.ts';
import { cidAt, subsetAt } from '../../src/content/subset.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { importedTree, tempDir, writeTree } from '../disk/files.ts';

/** The manifest as a plain value: a geometry hides its offsets. */
function plain({ geometry, root, ...rest }: Manifest): object {
  const lengths = Array.from({ length: geometry.pieceCount }, (_, i) => geometry.length(i));
  return { ...rest, root: root.toString(), lengths };
}

it.each(['a', 'a/several', 'c', 'c/none'])(
  'what is cut out at %s is what a walk finds',
  async (path) => {
    const whole = await importedTree();
    const { cid } = cidAt(whole, path);
    const subset = subsetAt(whole, cid, path);
    const walked = await resolveManifest(cid, async (each) => whole.dag.get(each.toString())!);
    expect(plain(subset.manifest)).toEqual(plain(walked.manifest));
    expect([...subset.dag.keys()]).toEqual([...walked.dag.keys()]);
  },
);

it('every entry of a tree is found by its digest, in shards too', async () => {
  const root = `${await tempDir()}/tree`;
  // More names than one block of a directory holds: it is made of shards.
  const names = Array.from({ length: 4000 }, (_, n) => `${n}-${'x'.repeat(60)}`);
  const files = names.map((name) => [`many/${name}`, Buffer.from(name)] as const);
  await writeTree(root, { ...Object.fromEntries(files), 'z/deep/file': Buffer.from('z') });
  const whole = await importPath(root);
  const index = await EntryIndex.of(whole);
  const paths = [...whole.manifest.directories, ...whole.manifest.files.map((file) => file.path)];
  for (const path of paths.filter((_, n) => n % 200 === 0 || n > 3995)) {
    const { cid } = cidAt(whole, path);
    expect(index.find(cid.multihash.digest)?.path).toBe(path);
  }
  const stranger = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy');
  expect(index.find(stranger.multihash.digest)).toBeUndefined();
});
