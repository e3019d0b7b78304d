import { writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINUX, needs } from '../../support/needs.ts';
import { type Hub, startHub } from '../hub.ts';

const MIB = 2 ** 20;

/** From an address of the loopback network; resolves to how long it took. */
function download(hub: Hub, path: string, localAddress: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: hub.port, path, localAddress, agent: false };
    get(options, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(performance.now() - startedAt));
    }).on('error', reject);
  });
}

describe('a share of the uplink for each address', needs(LINUX), () => {
  it('holds over all connections of one, in pieces, small files and blocks', async () => {
    const hub = await startHub({ access: { clientUplinkBytesPerSecond: MIB } });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(MIB / 2, 1));
    await writeFile(join(hub.root, 'small'), Buffer.alloc(MIB / 32, 1));
    await hub.ask('/files/f', { method: 'HEAD' });
    const startedAt = performance.now();
    const small = Array.from({ length: 8 }, () => download(hub, '/files/small', '127.0.0.1'));
    await Promise.all([download(hub, '/files/f', '127.0.0.1'), ...small]);
    // Three quarters of a second; a cap may be passed by 3 %.
    expect(performance.now() - startedAt).toBeGreaterThan(727);
  });

  it('is not taken from that of others', async () => {
    const hub = await startHub({ access: { clientUplinkBytesPerSecond: MIB / 4 } });
    await writeFile(join(hub.root, 'long'), Buffer.alloc(MIB / 2, 1));
    await writeFile(join(hub.root, 'short'), Buffer.alloc(64 * 1024, 1));
    const order: string[] = [];
    const slow = download(hub, '/files/long', '127.0.0.2').then(() => order.push('long'));
    const quick = download(hub, '/files/short', '127.0.0.3').then(() => order.push('short'));
    await Promise.all([slow, quick]);
    expect(order).toEqual(['short', 'long']);
  });
});
