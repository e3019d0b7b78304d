// A daemon whose disk is full: what it was told to end stays ended, and what it could not keep is not
// shared behind the back of who was told so.
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LINUX, MOUNTS, needs } from '../../support/needs.ts';
import { randomFile, run, scratch, start } from '../binary.ts';
import { MIB } from '../swarm.ts';
import { statusOf } from './daemons.ts';

describe('a full disk', { timeout: 240_000 }, () => {
  it('holds what was said, once there is room', needs(LINUX, MOUNTS), async () => {
    const dir = await scratch();
    const [disk, kept, ended] = [join(dir, 'disk'), join(dir, 'kept'), join(dir, 'ended')];
    await Promise.all([randomFile(kept, 100), randomFile(ended, 100)]);
    // More of a line than the last page of the list has room for.
    const late = join(dir, 'late');
    await mkdir(late);
    await Promise.all(Array.from({ length: 200 }, (_, i) => randomFile(join(late, `${i}`), 10)));
    const mount = `mkdir ${disk} && mount -t tmpfs -o size=2m hubswarm-test ${disk} && exec "$@"`;
    const args = ['daemon', '--json', '--data', join(disk, 'd'), '--no-mdns'];
    const wrapper = ['unshare', '-m', 'sh', '-c', mount, 'sh'];
    const alone = ['--listen', '/ip4/127.0.0.1/tcp/0'];
    const daemon = start([...args, ...alone, kept, ended], {}, wrapper);
    await daemon.until('file_shared', ({ name }) => name === 'ended');
    // Others see the disk by the process, and after its end by what they hold open.
    const seen = join('/proc', `${daemon.child.pid}`, 'root', disk);
    const data = join(seen, 'd');
    const place = await open(join(data, 'daemon'));
    onTestFinished(() => place.close());
    const paths = async () => (await statusOf(data)).shares.map(({ path }) => path);
    expect(await paths()).toEqual([kept, ended]);
    await expect(writeFile(join(seen, 'filler'), Buffer.alloc(4 * MIB))).rejects.toThrow('ENOSPC');
    const shared = await run(['share', '--data', data, late]);
    expect(shared.code).toBe(1);
    expect(shared.stderr).toMatch(/shares: no space left on the device; .*late is not shared/);
    const unshared = await run(['unshare', '--data', data, ended]);
    expect(unshared.code).toBe(1);
    expect(unshared.stderr).toMatch(
      /no space left on the device; .*ended is not shared any more, but/,
    );
    expect(await paths()).toEqual([kept]);
    await rm(join(seen, 'filler'));
    expect(await daemon.end()).toBe(0);
    const list = await readFile(`/proc/self/fd/${place.fd}/shares`, 'utf8');
    expect(list).toContain(kept);
    expect(list).not.toMatch(/ended|late/);
  });
});
