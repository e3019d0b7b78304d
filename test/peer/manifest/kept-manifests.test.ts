import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { importPath } from '../../../src/disk/import/import.ts';
import { KeptManifests } from '../../../src/peer/manifest/kept-manifests.ts';
import type { FetchedManifest } from '../../../src/peer/manifest/manifest-bytes.ts';

let dir: string;
let out: string;
let kept: KeptManifests;
let files = 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kept-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  out = join(dir, 'out');
  await mkdir(out);
  kept = new KeptManifests(join(dir, 'data'));
});

/** Of a new file of 20 pieces. */
async function found(pieces = 20): Promise<FetchedManifest> {
  const path = join(dir, `file ${files++}.bin`);
  await writeFile(path, randomBytes(pieces * 16_384 - 5));
  const { manifest, dag, name } = await importPath(path, { pieceLength: 16_384 });
  return {
    manifest,
    dag,
    name,
    ...(dag.size > 0 ? {} : { rawRoot: new Uint8Array(await readFile(path)) }),
  };
}

const pathIn = (data: string, { manifest }: FetchedManifest): string =>
  join(dir, data, 'manifests', manifest.root.toString());

describe('KeptManifests', () => {
  it.each([20, 1])(
    'finds by the CID what it kept of %i pieces, in either place',
    async (pieces) => {
      const one = await found(pieces);
      const { root } = one.manifest;
      expect(await kept.find(root, out)).toBeUndefined();
      await kept.keep(one);
      expect(await kept.find(root, join(dir, 'elsewhere'))).toEqual(one);
      await kept.keepBeside(one, out);
      const other = new KeptManifests(join(dir, 'no data'));
      expect(await other.find(root, out)).toEqual(one);
      await other.removeBeside(one, out);
      expect(await readdir(out)).toEqual([]);
      expect(await other.find(root, out)).toBeUndefined();
    },
  );

  it.each<[string, (bytes: Buffer, other: Buffer) => Buffer]>([
    ['an empty file', () => Buffer.alloc(0)],
    ['its first half', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['more than it', (bytes) => Buffer.concat([bytes, Buffer.alloc(9, 0xff)])],
    [
      'a changed bit',
      (bytes) => {
        bytes[bytes.length - 40]! ^= 1;
        return bytes;
      },
    ],
    ["another CID's", (_bytes, other) => other],
    ['noise', () => randomBytes(1000)],
  ])('takes %s for none, and writes it anew', async (_what, spoil) => {
    const [one, other] = [await found(), await found()];
    const { root } = one.manifest;
    await kept.keep(other);
    await kept.keep(one);
    await kept.keepBeside(one, out);
    const otherBytes = await readFile(pathIn('data', other));
    const bytes = await readFile(pathIn('data', one));
    const [beside] = await readdir(out);
    for (const path of [pathIn('data', one), join(out, beside!)]) {
      await writeFile(path, spoil(Buffer.from(bytes), otherBytes));
    }
    expect(await kept.find(root, out)).toBeUndefined();
    await kept.keep(one);
    await kept.keepBeside(one, out);
    expect(await readFile(pathIn('data', one))).toEqual(bytes);
    expect(await readFile(join(out, beside!))).toEqual(bytes);
  });

  it('is not misled by a directory in its place', async () => {
    const one = await found();
    await mkdir(pathIn('data', one), { recursive: true });
    expect(await kept.find(one.manifest.root, out)).toBeUndefined();
  });

  it('removes what a kill left of writing it, and nothing else', async () => {
    const one = await found();
    await kept.keepBeside(one, out);
    const [beside] = await readdir(out);
    await writeFile(join(out, `${beside}.3b241101-e2bb-4255-8caf-4136c566a962.tmp`), '');
    await writeFile(join(out, `${beside}.mine`), '');
    await kept.removeBeside(one, out);
    expect(await readdir(out)).toEqual([`${beside}.mine`]);
  });

  it('forgets first what was used least recently', async () => {
    const manifests = [await found(), await found(), await found()];
    for (const one of manifests) await kept.keep(one);
    const folder = join(dir, 'data', 'manifests');
    // So many that two of them are too many, all older than the three but the first.
    await Promise.all(
      Array.from({ length: 999 }, (_, i) => writeFile(join(folder, `other-${i}`), '')),
    );
    const longAgo = new Date(Date.now() - 1e6);
    await utimes(pathIn('data', manifests[0]!), longAgo, longAgo);
    await utimes(join(folder, 'other-5'), longAgo, new Date(longAgo.getTime() - 1000));
    await kept.keep(manifests[1]!);
    await kept.keep(await found());
    const names = await readdir(folder);
    expect(names).toHaveLength(1000);
    expect(names).not.toContain('other-5');
    expect(names).not.toContain(manifests[0]!.manifest.root.toString());
    expect(names).toContain(manifests[1]!.manifest.root.toString());
  });
});
