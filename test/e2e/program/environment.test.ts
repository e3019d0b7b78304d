// What other programs take from the environment: docs/as-meant.md has the table.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needs } from '../../support/needs.ts';
import { scratch, start } from '../binary.ts';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A forward proxy, for which every name leads to this machine. */
async function startProxy(): Promise<{ place: string; seen: string[] }> {
  const seen: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage): void =>
    void seen.push(`${method} ${url} ${headers['proxy-authorization'] ?? '-'}`);
  const server = createServer((asked, answer) => {
    note(asked);
    const { port, pathname, search } = new URL(asked.url!);
    const { method, headers } = asked;
    const onward = { host: '127.0.0.1', port, method, path: pathname + search, headers };
    const sent = request(onward, (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    asked.pipe(sent);
  });
  server.on('connect', (asked, client, rest) => {
    note(asked);
    const origin = connect(Number(asked.url!.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      origin.write(rest);
      origin.pipe(client).pipe(origin);
    });
    for (const end of [client, origin]) end.on('error', () => origin.destroy());
  });
  return { place: `127.0.0.1:${await listen(server)}`, seen };
}

/** The port of a hub with the file f. */
async function startHub(...args: string[]): Promise<{ root: string; port: string }> {
  const root = await scratch();
  await writeFile(join(root, 'f'), 'bytes\n');
  const hub = start(['server', root, '--port', '0', '--json', '--writable', ...args]);
  const [url] = (await hub.until('listening')).addresses;
  return { root, port: new URL(url!).port };
}

const BYTES = { code: 0, stdout: 'bytes\n' };
async function runIn(env: Record<string, string>, ...args: string[]) {
  const running = start(args, env);
  running.child.stdin!.end();
  return { code: await running.exit, stdout: running.stdout, stderr: running.stderr };
}

const get = (url: string, env: Record<string, string>) =>
  runIn(env, 'client', 'get', url, '-o', '-', '--quiet', '--timeout', '5');

describe('a proxy', () => {
  it('of http_proxy carries what get and put ask, and knows its user', async () => {
    const { root, port } = await startHub();
    const { place, seen } = await startProxy();
    const env = { http_proxy: `me:pw@${place}` };
    const files = `http://hub.invalid:${port}/files`;
    expect(await get(`${files}/f`, env)).toMatchObject(BYTES);
    const sent = await runIn(env, 'client', 'put', join(root, 'f'), `${files}/g`);
    expect(sent).toMatchObject({ code: 0 });
    expect(await readFile(join(root, 'g'), 'utf8')).toBe('bytes\n');
    expect(seen).toContain(`GET ${files}/f Basic bWU6cHc=`);
    expect(seen).toContain(`PUT ${files}/g Basic bWU6cHc=`);
  });

  it('of http_proxy carries a WebSocket by CONNECT', async () => {
    const { root, port } = await startHub();
    const { place, seen } = await startProxy();
    const url = `http://hub.invalid:${port}/`;
    const watching = start(['client', 'watch', url, '--via', 'ws', '--count', '1'], {
      http_proxy: place,
    });
    await expect.poll(() => seen).toEqual([`CONNECT hub.invalid:${port} -`]);
    let count = 0;
    const change = async (): Promise<string> => {
      await writeFile(join(root, `later-${count++}`), 'x');
      return watching.stdout;
    };
    await expect.poll(change, { timeout: 10_000 }).toContain('later-');
    expect(await watching.exit).toBe(0);
  });

  it('is left out for names of no_proxy', async () => {
    const { port } = await startHub();
    const { place, seen } = await startProxy();
    const env = { http_proxy: place, no_proxy: 'x,localhost' };
    expect(await get(`http://localhost:${port}/files/f`, env)).toMatchObject(BYTES);
    expect(seen).toEqual([]);
  });

  it(
    'of https_proxy is a tunnel; SSL_CERT_FILE names whom to trust',
    needs('openssl'),
    async () => {
      const dir = await scratch();
      const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
      const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const out = ['-keyout', key, '-out', cert];
      execFileSync('openssl', ['req', '-x509', ...kind, ...out, ...names], { stdio: 'ignore' });
      const { port } = await startHub('--tls-cert', cert, '--tls-key', key);
      const { place, seen } = await startProxy();
      const url = `https://localhost:${port}/files/f`;
      const env = { https_proxy: place, SSL_CERT_FILE: cert };
      expect(await get(url, env)).toMatchObject(BYTES);
      expect(new Set(seen)).toEqual(new Set([`CONNECT localhost:${port} -`]));
      const refused = await get(url, { https_proxy: place });
      expect(refused.stderr).toContain('its certificate is self-signed');
      const plain = `http://localhost:${port}/files/f`;
      expect((await get(plain, {})).stderr).toContain('if it speaks TLS, give https://');
      const sent = await runIn({}, 'client', 'put', cert, plain, '--timeout', '5');
      expect(sent.stderr).toContain('if it speaks TLS, give https://');
    },
  );
});

describe('.netrc', () => {
  it('gives a login to the server that was named, and to none that a redirect names', async () => {
    const seen: string[] = [];
    const note = (who: string, { headers }: IncomingMessage): void =>
      void seen.push(`${who} ${headers.authorization ?? '-'}`);
    const other = await listen(
      createServer((asked, answer) => {
        note('other', asked);
        answer.end('bytes\n');
      }),
    );
    const named = await listen(
      createServer((asked, answer) => {
        note('named', asked);
        answer.writeHead(302, { location: `http://localhost:${other}/f` }).end();
      }),
    );
    const netrc = join(await scratch(), 'netrc');
    await writeFile(netrc, 'machine 127.0.0.1 login me password pw\ndefault login x password y\n');
    expect(await get(`http://127.0.0.1:${named}/f`, { NETRC: netrc })).toMatchObject(BYTES);
    expect(new Set(seen)).toEqual(new Set(['named Basic bWU6cHc=', 'other -']));
  });
});
