import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LINUX, needs } from '../../support/needs.ts';
import { startHub, tempRoot } from '../hub.ts';

const MIB = 2 ** 20;
/** Bytes of a sparse file. */
const BIG = 64 * 2 ** 30;
const BACKLOG = /^hubswarm_hashing_backlog 1$/m;

/** Bytes that this process has read from files and sockets. */
async function bytesRead(): Promise<number> {
  const counts = await readFile('/proc/self/io', 'latin1');
  return Number(/^rchar: (\d+)$/m.exec(counts)![1]);
}

describe('startServer', () => {
  it('says in one line what is wrong with the root', async () => {
    const root = await tempRoot();
    await writeFile(join(root, 'f'), '');
    const none = { root: join(root, 'none') };
    await expect(startHub(none)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    const file = { root: join(root, 'f') };
    await expect(startHub(file)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  it('says in one line what is wrong with the port or the host', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const taken = await startHub({ port }).catch((error: unknown) => error as Error);
    expect(taken).toMatchObject({ code: 'ERR_LISTEN' });
    expect((taken as Error).message).toContain(`port ${port} on 127.0.0.1 is in use`);
    // TEST-NET-1 (RFC 5737) is no machine's address.
    await expect(startHub({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  it('gives up what it hashes when it stops', needs(LINUX), async () => {
    const root = await tempRoot();
    // Long to hash, and no room on the disk.
    await writeFile(join(root, 'big'), '');
    await truncate(join(root, 'big'), BIG);
    const hub = await startHub({ root });
    await expect.poll(async () => (await hub.ask('/metrics')).text).toMatch(BACKLOG);
    const before = await bytesRead();
    await hub.running.stop();
    expect((await bytesRead()) - before).toBeLessThan(BIG / 2);
  });

  it('lets a running response end before it stops', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 4 * MIB, graceMs: 10_000 });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(2 * MIB, 1));
    const answer = hub.ask('/files/f');
    await hub.until('link_counted');
    await hub.running.stop();
    hub.link.close();
    expect((await answer).body).toHaveLength(2 * MIB);
    await expect(hub.ask('/healthz')).rejects.toThrow();
    expect(hub.events.at(-1)).toMatchObject({ event: 'link_counted', sentBytes: 2 * MIB });
  });

  it('waits for no connection that asks nothing', async () => {
    const hub = await startHub({ graceMs: 60_000 });
    const [unused, slow] = [hub.socket(), hub.socket()];
    await Promise.all([unused, slow].map((socket) => once(socket, 'connect')));
    slow.write('GET /files/ HTTP/1.1\r\n');
    await hub.ask('/healthz');
    await hub.running.stop();
    await expect(hub.ask('/healthz')).rejects.toThrow();
  });

  it('cuts a response that does not end within the grace', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 64 * 1024, graceMs: 10 });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(2 * MIB, 1));
    const answer = hub.ask('/files/f');
    answer.catch(() => undefined);
    await hub.until('link_counted');
    await hub.running.stop();
    await expect(answer).rejects.toThrow();
  });

  it('holds its cap over several clients together', async () => {
    const hub = await startHub({ uplinkBytesPerSecond: 4 * MIB });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(MIB, 1));
    await hub.ask('/files/f', { method: 'HEAD' });
    const startedAt = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => hub.ask('/files/f')));
    // Four copies take a second; a cap may be passed by 3 %.
    expect(performance.now() - startedAt).toBeGreaterThan(970);
    expect(hub.link.sentBytes).toBe(4 * MIB);
  });
});
