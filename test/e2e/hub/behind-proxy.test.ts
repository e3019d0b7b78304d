// The built binary behind a proxy that shows the hub below /hub/ and takes the prefix off, as
// `location /hub/ { proxy_pass http://hub/; }` does. What each proxy tells of that differs.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratch, start } from '../binary.ts';

const PREFIX = '/hub';

/** Resolves to the URL of the proxy, without a slash at its end. Elsewhere it answers 404. */
async function startProxy(hub: URL, told: (host: string) => Record<string, string>) {
  const server = createServer((req, res) => {
    const { method, url = '', headers } = req;
    if (!url.startsWith(`${PREFIX}/`)) return void res.writeHead(404).end('not the hub\n');
    const sent = request(hub, {
      method,
      path: url.slice(PREFIX.length),
      headers: { ...headers, ...told(headers.host ?? '') },
    });
    sent.on('continue', () => res.writeContinue());
    sent.on('response', (answer) => {
      res.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(res);
    });
    sent.on('error', () => res.destroy());
    req.pipe(sent);
  });
  server.on('checkContinue', (req, res) => server.emit('request', req, res));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const WAYS = [
  {
    name: 'that is trusted and tells host and prefix',
    options: ['--trust-proxy', '127.0.0.1/32'],
    told: (host: string) => ({
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-host': host,
      'x-forwarded-prefix': PREFIX,
    }),
    isAbsolute: true,
  },
  {
    name: 'that tells nothing',
    options: ['--base-path', PREFIX],
    told: () => ({}),
    isAbsolute: true,
  },
  {
    name: 'that nobody told the hub of',
    options: [],
    told: () => ({ host: '127.0.0.1:1', 'x-forwarded-for': '192.0.2.1' }),
    isAbsolute: false,
  },
];

describe.each(WAYS)('behind a proxy $name', ({ options, told, isAbsolute }) => {
  it('a client puts, lists, mirrors, watches and is redirected', async () => {
    const root = await scratch();
    const args = ['--writable', '--allow-anonymous-writes', ...options];
    const hub = start(['server', '--json', '--root', root, '--port', '0', ...args]);
    const { addresses } = await hub.until('listening');
    const proxy = await startProxy(new URL(addresses[0]!), told);
    const at = `${proxy}${PREFIX}`;
    const bytes = randomBytes(5 * 2 ** 20);
    const local = await scratch();
    await mkdir(join(local, 'up'));
    await writeFile(join(local, 'up', 'large'), bytes);

    const put = start(['client', 'put', join(local, 'up', 'large'), `${at}/files/d/e/large`]);
    expect({ code: await put.exit, stderr: put.stderr }).toMatchObject({ code: 0 });
    expect(await readdir(join(root, 'd', 'e'))).toEqual(['large']);
    // Large enough for tus, which was told where its upload lies.
    await hub.until(
      'request_completed',
      ({ method, status }) => method === 'PATCH' && status === 204,
    );

    const got = start(['client', 'get', '-r', `${at}/files/`, '-o', join(local, 'down')]);
    expect({ code: await got.exit, stderr: got.stderr }).toMatchObject({ code: 0 });
    const copy = await readFile(join(local, 'down', 'd', 'e', 'large'));
    expect(sha256(copy)).toBe(sha256(bytes));

    const page = await fetch(`${at}/`);
    expect({ status: page.status, url: page.url }).toEqual({ status: 200, url: `${at}/files/` });
    const stored = await fetch(`${at}/files/d/s`, { method: 'PUT', body: 's' });
    const location = stored.headers.get('location')!;
    expect(new URL(location, `${at}/files/d/s`).href).toBe(`${at}/files/d/s`);
    expect(URL.canParse(location)).toBe(isAbsolute);
    const json = await fetch(`${at}/files/d?format=json`).then((answer) => answer.json());
    for (const { url } of (json as { entries: { url: string }[] }).entries)
      expect((await fetch(new URL(url, `${at}/files/d?format=json`))).status).toBe(200);
    const { link } = Object.fromEntries((await fetch(`${at}/files/d/s`)).headers);
    const [, block = ''] = /^<([^>]*)>/.exec(link!)!;
    expect(await (await fetch(new URL(block, `${at}/files/d/s`))).text()).toBe('s');

    const watch = start(['client', 'watch', '--json', `${at}/files/d/`]);
    await expect
      .poll(async () => {
        await fetch(`${at}/files/d/told`, { method: 'PUT', body: randomBytes(8) });
        return watch.stdout;
      })
      .toContain('"path":"/d/told"');
    await watch.end();
  });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
