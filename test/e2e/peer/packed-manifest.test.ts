// A large manifest is exchanged like a file: paced, shared between receivers, resumed.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importPath } from '../../../src/disk/import/import.ts';
import { type Running, scratch, start } from '../binary.ts';

const FILES = 4000;

/** Many small files; resolves to the bytes of the inner nodes. */
async function smallFiles(path: string, count: number): Promise<number> {
  await mkdir(path);
  const names = Array.from({ length: count }, (_, i) => `file-${i}.txt`);
  await Promise.all(names.map((name, i) => writeFile(join(path, name), `${i}`)));
  const { dag } = await importPath(path);
  return [...dag.values()].reduce((sum, block) => sum + block.length, 0);
}

const sent = (peer: Running): number =>
  peer.events.findLast((event) => event.event === 'link_counted')?.sentBytes ?? 0;

it('six that ask at once have the manifest of 4,000 files, and the origin sends two at most', async () => {
  const dir = await scratch();
  const tree = join(dir, 'tree');
  const manifestBytes = await smallFiles(tree, FILES);
  const peer = (name: string, ...args: string[]): Running =>
    start(['peer', '--json', '--data', join(dir, name), ...args]);
  const origin = peer('origin', '--share', tree, '--uplink', '48KiB/s');
  const { cid } = await origin.until('file_shared');
  const { addresses } = await origin.until('listening');
  const receivers = Array.from({ length: 6 }, (_, i) =>
    peer(`data-${i}`, '--hold', '--join', addresses[0]!, '--get', cid, '--out', join(dir, `${i}`)),
  );
  for (const each of receivers) await each.until('held');
  for (const each of receivers) each.child.stdin!.write('\n');
  for (const each of receivers) {
    expect(await each.until('manifest_found')).toMatchObject({ pieces: FILES, kept: false });
  }
  expect(sent(origin)).toBeGreaterThan(0);
  expect(sent(origin)).toBeLessThan(2 * manifestBytes);
}, 120_000);
