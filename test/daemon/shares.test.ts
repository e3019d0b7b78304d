// Terminals that change one path at the same moment: what can be ended is all that is shared.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Shares } from '../../src/daemon/shares.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { systemClock } from '../../src/runtime/clock.ts';

it('leaves one share of a path that several share at once, also after a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shares-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'file');
  const open = () => {
    const list = join(dir, 'list');
    return Shares.open({ path: list, limits: {}, clock: systemClock, emit: () => {} });
  };
  const versions = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      await writeFile(join(dir, name), randomBytes(100));
      return importPath(join(dir, name));
    }),
  );
  const shares = await open();
  await shares.adopt(path, versions[0]!);
  await Promise.all(versions.map((version) => shares.adopt(path, version)));
  const [last] = shares.of(path);
  const cids = versions.map(({ manifest }) => manifest.root.toString());
  expect(cids.flatMap((cid) => shares.of(cid))).toEqual([last]);
  // Who ends it and who shares it anew go one after another, in memory as on the disk.
  await Promise.all([shares.unshare(last!), shares.adopt(path, versions[0]!)]);
  await shares.close();
  const again = await open();
  expect(again.of(path)).toMatchObject([{ cid: versions[0]!.manifest.root }]);
  await again.close();
});
