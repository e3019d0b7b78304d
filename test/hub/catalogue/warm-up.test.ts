import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rawCid } from '../../../src/content/cid.ts';
import { startHub, tempRoot } from '../../server/hub.ts';
import { needs, POSIX } from '../../support/needs.ts';

describe('two hubs that take uploads below one root', () => {
  it('leave alone what the other is writing, and remove what nobody writes any more', async () => {
    const root = await tempRoot();
    // Below a directory: the walk is past the root's own files when it is gone.
    const leftover = join(root, 'dir', '.f.0123456789abcdef.part');
    await mkdir(join(root, 'dir'));
    const first = await startHub({ root, writable: true });
    const socket = first.socket();
    socket.write('PUT /files/f HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello');
    await expect.poll(async () => (await readdir(root)).length).toBe(2);
    await writeFile(leftover, 'x');
    await utimes(leftover, 1000, 1000);

    await startHub({ root, writable: true });
    await expect.poll(() => readdir(join(root, 'dir'))).toEqual([]);
    socket.write('world');
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 201 /);
    expect(await readFile(join(root, 'f'), 'utf8')).toBe('helloworld');
  });
});

it(
  'the first walk finds a file that no URL names, whose blocks can be asked for',
  needs(POSIX),
  async () => {
    const root = await tempRoot();
    await writeFile(join(root, 'back\\slash'), 'hello');
    const hub = await startHub({ root });
    expect((await hub.until('catalogue_completed')).files).toBe(1);
    const cid = rawCid(createHash('sha256').update('hello').digest());
    expect((await hub.ask(`/ipfs/${cid}`)).text).toBe('hello');
  },
);
