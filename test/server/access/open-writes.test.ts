// Writes without tokens are for this machine alone: a proxy on it makes strangers look local.
import { describe, expect, it } from 'vitest';
import { startHub } from '../hub.ts';

const PUT = { method: 'PUT', body: Buffer.from('x') };

describe('a hub on loopback that anyone may write to', () => {
  it.each([['127.0.0.1'], ['::1'], ['localhost']])(
    'does not start on %s behind a proxy that it trusts',
    async (host) => {
      const access = { trustedProxies: ['127.0.0.1/32'] };
      const starting = startHub({ host, writable: true, access });
      await expect(starting).rejects.toMatchObject({ code: 'ERR_USAGE' });
    },
  );

  it('starts there when that is meant, and when nobody writes', async () => {
    const trustedProxies = ['127.0.0.1/32'];
    const meant = await startHub({
      writable: true,
      access: { trustedProxies, anonymousWrites: true },
    });
    expect((await meant.ask('/files/f', PUT)).status).toBe(201);
    const reads = await startHub({ access: { trustedProxies } });
    expect((await reads.ask('/files/f', PUT)).status).toBe(403);
  });

  it('warns once of a proxy that nobody named', async () => {
    const hub = await startHub({ writable: true });
    const warned = () => hub.events.filter(({ event }) => event === 'warned').length;
    await hub.ask('/files/f', PUT);
    expect(warned()).toBe(0);
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    for (const name of ['a', 'b']) await hub.ask(`/files/${name}`, { ...PUT, headers });
    expect(warned()).toBe(1);
  });
});
