import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wantsDigest } from '../../../src/server/message/repr-digest.ts';
import { startHub } from '../hub.ts';

const MIB = 2 ** 20;

function digests(bytes: Buffer) {
  const base64 = createHash('sha256').update(bytes).digest('base64');
  return { 'repr-digest': `sha-256=:${base64}:`, digest: `SHA-256=${base64}` };
}

describe('wantsDigest', () => {
  it.each([
    [{ 'want-repr-digest': 'sha-256=10' }, true],
    [{ 'want-repr-digest': 'sha-512=3, sha-256=1' }, true],
    [{ 'want-repr-digest': 'sha-256=0' }, false],
    [{ 'want-repr-digest': 'sha-512=10' }, false],
    [{ 'want-repr-digest': 'sha-256' }, false],
    [{ 'want-repr-digest': ',;=' }, false],
    // What aria2 1.36 sends.
    [{ 'want-digest': 'SHA-512;q=1, SHA-256;q=1, SHA;q=0.1' }, true],
    [{ 'want-digest': 'sha-256' }, true],
    [{ 'want-digest': 'sha-256;q=0' }, false],
    [{ 'want-digest': 'sha-512' }, false],
    [{}, false],
  ])('%o', (headers, expected) => {
    expect(wantsDigest(headers)).toBe(expected);
  });
});

describe('the digest of the whole', () => {
  it('comes with every answer about a file of one piece, parts and HEAD among them', async () => {
    const hub = await startHub();
    const bytes = randomBytes(5000);
    await writeFile(join(hub.root, 'f'), bytes);
    const ask = (headers = {}, method = 'GET') => hub.ask('/files/f', { headers, method });
    for (const answer of [
      await ask(),
      await ask({}, 'HEAD'),
      await ask({ range: 'bytes=1-2' }),
      await ask({ range: 'bytes=1-2,1000-1001' }),
    ]) {
      expect(answer.headers).toMatchObject(digests(bytes));
    }
  });

  it('of a file of many pieces comes when it is asked for, and from then on', async () => {
    const hub = await startHub();
    const bytes = randomBytes(5 * MIB + 3);
    await writeFile(join(hub.root, 'f'), bytes);
    const ask = (headers = {}) => hub.ask('/files/f', { method: 'HEAD', headers });
    await hub.untilNamed('/files/f');
    expect((await ask()).headers['repr-digest']).toBe(undefined);
    const wanted = await Promise.all([
      ask({ 'want-repr-digest': 'sha-256=1' }),
      ask({ 'want-digest': 'SHA-256' }),
    ]);
    for (const { headers } of wanted) expect(headers).toMatchObject(digests(bytes));
    expect((await ask()).headers).toMatchObject(digests(bytes));
    // Of another version it is another.
    const changed = randomBytes(5 * MIB + 3);
    await writeFile(join(hub.root, 'f'), changed);
    await hub.untilNamed('/files/f');
    expect((await ask()).headers['repr-digest']).toBe(undefined);
    expect((await ask({ 'want-digest': 'SHA-256' })).headers).toMatchObject(digests(changed));
  });

  it('of an empty file is the one of nothing', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'empty'), '');
    expect((await hub.ask('/files/empty')).headers).toMatchObject(digests(Buffer.alloc(0)));
  });

  it('comes with a block', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'one');
    const { 'x-ipfs-roots': cid } = (await hub.ask('/files/f')).headers;
    expect((await hub.ask(`/ipfs/${cid}`)).headers).toMatchObject(digests(Buffer.from('one')));
  });
});
