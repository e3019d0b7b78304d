import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLoopback, refuseOpenWrites } from '../../../src/hub/access/open-writes.ts';
import { checkOrigin } from '../../../src/hub/access/page-origins.ts';
import { type Hub, startHub } from '../hub.ts';
import { keyFile } from './keys.ts';

const APP = 'https://app.example.org';
const OTHER = 'https://other.example.org';

const preflight = (hub: Hub, origin: string, path = '/files/f') =>
  hub.ask(path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT' },
  });

describe('CORS', () => {
  it('lets listed origins in, and tells caches that it depends on them', async () => {
    const hub = await startHub({ access: { corsOrigins: [APP] } });
    await writeFile(join(hub.root, 'f'), 'x');
    const ask = (headers: Record<string, string>) => hub.ask('/files/f', { headers });
    // The first is read from the disk, the second comes from memory.
    for (const answer of [await ask({ origin: APP }), await ask({ origin: APP })]) {
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Origin' });
      const exposed = answer.headers['access-control-expose-headers'];
      for (const name of ['ETag', 'Content-Range', 'Location', 'Upload-Offset', 'Link']) {
        expect(exposed).toContain(name);
      }
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    }
    for (const answer of [await ask({ origin: OTHER }), await ask({})]) {
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      expect(answer.headers.vary).toBe('Origin');
    }
    const listing = await hub.ask('/files/', { headers: { origin: APP } });
    expect(listing.headers.vary).toBe('Origin, Accept, Accept-Encoding');
  });

  it('lets all in by *, with no need to vary', async () => {
    const hub = await startHub({ access: { corsOrigins: ['*'] } });
    const { headers } = await hub.ask('/metrics', { headers: { origin: OTHER } });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers).not.toHaveProperty('vary');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('answers a preflight without a token, and gives no leave to other origins', async () => {
    const own = await keyFile();
    const hub = await startHub({ access: { corsOrigins: [APP], tokenKeyFiles: [own.file] } });
    const granted = await preflight(hub, APP);
    expect(granted.status).toBe(204);
    expect(granted.headers['access-control-allow-methods']).toContain('PUT');
    expect(granted.headers['access-control-allow-headers']).toMatch(/Authorization.*Range/);
    const refused = await preflight(hub, OTHER);
    expect(refused.status).toBe(204);
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    expect(refused.headers).not.toHaveProperty('access-control-allow-methods');
  });

  it('lets a page read why it was refused', async () => {
    const own = await keyFile();
    const hub = await startHub({ access: { corsOrigins: [APP], tokenKeyFiles: [own.file] } });
    const answer = await hub.ask('/files/f', { headers: { origin: APP } });
    expect(answer.status).toBe(401);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
  });

  it('is off unless it was asked for', async () => {
    const hub = await startHub();
    const { headers } = await hub.ask('/metrics', { headers: { origin: APP } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await preflight(hub, APP)).headers).not.toHaveProperty('access-control-allow-methods');
  });

  it.each([
    ['https://app.example.org', 'https://app.example.org'],
    ['https://app.example.org/', 'https://app.example.org'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['*', '*'],
  ])('takes %s', (text, origin) => {
    expect(checkOrigin('--cors-origin', text)).toBe(origin);
  });

  it.each([
    ['app.example.org', /not an origin; give scheme/],
    ['https://app.example.org/page', /did you mean https:\/\/app\.example\.org\?/],
    ['https://app.example.org:443', /did you mean https:\/\/app\.example\.org\?/],
    ['null', /not an origin/],
    ['file:///tmp', /not an origin/],
    ['', /not an origin/],
  ])('refuses %s', (text, reason) => {
    expect(() => checkOrigin('--cors-origin', text)).toThrow(reason);
  });
});

describe('headers that protect', () => {
  it('stand on every answer: files, pages, refusals', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'x');
    for (const path of ['/files/f', '/files/f', '/files/', '/files/none', '/nothing', '/metrics']) {
      const { headers } = await hub.ask(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
  });
});

describe('writes by anyone', () => {
  const open = { writable: true, hasTokenKeys: false, anonymousWrites: false };

  it.each(['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', '::1', '[::1]'])(
    'may be let in on %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
      expect(() => refuseOpenWrites({ ...open, host })).not.toThrow();
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '192.168.0.1',
    '2001:db8::1',
    'hub.example.org',
    '127.example.org',
    '',
  ])('are refused on %o unless that is meant', (host) => {
    expect(() => refuseOpenWrites({ ...open, host })).toThrow(
      /--token-key.*--allow-anonymous-writes/,
    );
    for (const change of [{ writable: false }, { hasTokenKeys: true }, { anonymousWrites: true }]) {
      expect(() => refuseOpenWrites({ ...open, host, ...change })).not.toThrow();
    }
  });

  it('start no hub: that is checked before the port is opened', async () => {
    const refused = startHub({ host: '0.0.0.0', writable: true });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_USAGE' });
    const hub = await startHub({ host: '0.0.0.0' });
    expect((await hub.ask('/metrics')).status).toBe(200);
  });

  // A page whose name was pointed at this machine is of the same origin as the hub.
  it.each([
    [undefined, 201],
    ['http://127.0.0.1:8080', 201],
    ['http://localhost:8080', 201],
    ['http://[::1]:8080', 201],
    ['http://rebound.example.org:8080', 403],
    ['null', 403],
    [APP, 201],
  ])('from a page of %s: %i', async (origin, status) => {
    const hub = await startHub({ writable: true, access: { corsOrigins: [APP] } });
    const headers = origin === undefined ? {} : { origin };
    const answer = await hub.ask('/files/f', { method: 'PUT', body: Buffer.from('x'), headers });
    expect(answer.status).toBe(status);
  });
});
