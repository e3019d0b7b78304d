// hubswarm/peer does with its options what the command does with its own.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { Peer } from '../../src/library/peer.ts';
import { tempRoot } from '../server/hub.ts';

let dir = '';
let tree = '';

beforeEach(async () => {
  dir = await tempRoot();
  tree = join(dir, 'tree');
  await mkdir(join(tree, 'sub', 'deep'), { recursive: true });
  await writeFile(join(tree, 'a'), 'a');
  await writeFile(join(tree, 'sub', 'deep', 'b'), Buffer.alloc(100_000, 'b'));
  await symlink('a', join(tree, 'link'));
});

async function peer(name: string, through: string[] = []) {
  const listen = ['/ip4/127.0.0.1/tcp/0'];
  const started = await Peer.start({ dataDir: join(dir, name), listen, join: through });
  onTestFinished(() => started.stop());
  return started;
}

it('fetches only what is named below the CID', async () => {
  const sharing = await peer('one');
  const cid = await sharing.share(tree, { links: 'skip' });
  const getting = await peer('two', sharing.addresses);
  const out = join(dir, 'out');
  expect(await getting.get(cid, { out, path: 'sub/deep' })).toBe(join(out, 'deep'));
  expect(await readdir(out, { recursive: true })).toEqual(['deep', 'deep/b']);
  expect(await readFile(join(out, 'deep', 'b'))).toEqual(await readFile(join(tree, 'sub/deep/b')));
  await expect(getting.get(cid, { out, path: 'sub/none' })).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
  });
});

it('keeps links, modes and times, where it is told to', async () => {
  await chmod(join(tree, 'a'), 0o750);
  const sharing = await peer('one');
  await expect(sharing.share(tree)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  const plain = await sharing.share(tree, { links: 'keep' });
  const cid = await sharing.share(tree, { links: 'keep', preserve: true });
  expect(cid).not.toBe(plain);
  const getting = await peer('two', sharing.addresses);
  const path = await getting.get(cid, { out: join(dir, 'out') });
  expect((await stat(join(path, 'a'))).mode & 0o777).toBe(0o750);
  expect(await readFile(join(path, 'link'), 'utf8')).toBe('a');
});

it('believes its record of a file, unless it is told to check', async () => {
  const file = join(tree, 'sub', 'deep', 'b');
  const sharing = await peer('one');
  const cid = await sharing.share(file);
  const records = join(dir, 'one', 'hashed');
  const [record] = await readdir(records);
  const text = (await readFile(join(records, record!), 'utf8')).split('\n')[1]!;
  // Other digests than the file has, with the digest of the record put right.
  const lie = text.replace(/"digests":"..../, '"digests":"AAAA');
  const digest = createHash('sha256').update(lie).digest('hex');
  await writeFile(join(records, record!), `${digest}\n${lie}`);
  expect(await sharing.share(file)).not.toBe(cid);
  expect(await sharing.share(file, { check: true })).toBe(cid);
});
