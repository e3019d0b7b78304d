// Which files a hub's peer answers for, as they come, change and go.
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rawCid, sha256 } from '../../src/content/cid.ts';
import type { FileEntry } from '../../src/hub/catalogue/catalogue.ts';
import { openHub, PIECE } from './hub.ts';

const digestOf = ({ manifest }: FileEntry): Uint8Array => manifest.root.multihash.digest;

describe('HubContent', () => {
  it('has what the catalogue has learned, under its root CID alone', async () => {
    const { content, write, came } = await openHub();
    const file = await write('f', Buffer.alloc(3 * PIECE, 'x'));
    expect(content.has(digestOf(file))).toBe(true);
    expect(content.find(file.manifest.root)).toMatchObject({ name: 'f', dag: file.dag });
    expect(content.find(rawCid(digestOf(file)))).toBeUndefined();
    const piece = rawCid(sha256(Buffer.alloc(PIECE, 'x')));
    expect([content.has(piece.multihash.digest), content.find(piece)]).toEqual([false, undefined]);
    expect(came).toEqual([file.cid]);
  });

  it('knows nothing of what not everybody may read', async () => {
    const { content, write, came } = await openHub({ mayTell: ([first]) => first !== 'secret' });
    const secret = await write('secret', 'secret');
    await write('open', 'open');
    expect([content.has(digestOf(secret)), content.find(secret.manifest.root)]).toEqual([
      false,
      undefined,
    ]);
    expect([content.size, came.length]).toEqual([1, 1]);
  });

  it('has content for as long as one place has it', async () => {
    const { dir, content, changes, write, gone } = await openHub();
    const a = await write('a', 'same');
    await write('b', 'same');
    await rm(join(dir, 'a'));
    changes.handleChange({ kind: 'deleted', segments: ['a'] });
    expect([content.has(digestOf(a)), gone]).toEqual([true, []]);
    changes.handleChange({ kind: 'deleted', segments: ['b'] });
    expect([content.has(digestOf(a)), gone]).toEqual([false, [a.cid]]);
    // What has gone before is no news.
    changes.handleChange({ kind: 'deleted', segments: ['b'] });
    expect(gone).toHaveLength(1);
  });

  it('takes the new version in place of the old one, which its store loses', async () => {
    const { content, changes, write, learn, locate, dir, gone, came } = await openHub();
    const old = await write('f', 'old');
    const { store } = content.find(old.manifest.root)!;
    const reasons: string[] = [];
    store.watchLosses?.(({ reason }) => reasons.push(reason));
    await rename(join(dir, 'f'), join(dir, '.gone'));
    const next = await write('f', 'next');
    expect(reasons).toEqual(['changed']);
    expect([came, gone]).toEqual([[old.cid, next.cid], [old.cid]]);
    changes.handleChange({ kind: 'changed', segments: ['f'], found: await locate('f') });
    expect([came.length, gone.length]).toEqual([2, 1]);
    expect((await learn('f')).cid).toBe(next.cid);
  });

  it('hashes what the watch tells of, and has it then', async () => {
    const { dir, content, changes, write, locate, came } = await openHub();
    const old = await write('f', 'old');
    await writeFile(join(dir, 'f'), 'other');
    changes.handleChange({ kind: 'changed', segments: ['f'], found: await locate('f') });
    expect(content.has(digestOf(old))).toBe(false);
    await expect.poll(() => came.length).toBe(2);
    expect(content.has(sha256(Buffer.from('other')))).toBe(true);
  });
});
