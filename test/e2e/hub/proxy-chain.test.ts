// The built hub behind two real nginx, each with an address of its own, that append to what they tell
// or replace it.
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { freePort, startProgram } from '../balancer/balancers.ts';
import { scratch, start } from '../binary.ts';

const [CLIENT, OUTER, INNER] = ['127.0.0.9', '127.0.0.2', '127.0.0.3'];

interface Chain {
  readonly outer: string;
  readonly hub: ReturnType<typeof start>;
}

/** @param fields what each nginx sets, by its name of the prefix that it takes off */
async function startChain(
  fields: (prefix: string) => readonly string[],
  ...options: string[]
): Promise<Chain> {
  const [root, dir] = [await scratch(), await scratch()];
  const trusted = ['--trust-proxy', `${OUTER}/32`, '--trust-proxy', `${INNER}/32`];
  const args = ['--writable', '--allow-anonymous-writes', ...trusted, ...options];
  const hub = start(['server', '--json', '--root', root, '--port', '0', ...args]);
  const { addresses } = await hub.until('listening');
  const [outer, inner] = [await freePort(), await freePort()];
  const server = (port: number, address: string, prefix: string, to: string) => `
    server {
      listen 127.0.0.1:${port};
      location ${prefix}/ {
        proxy_pass ${to};
        proxy_bind ${address};
        ${fields(prefix)
          .map((field) => `proxy_set_header ${field};`)
          .join('\n')}
      }
    }`;
  await writeFile(
    join(dir, 'config'),
    `daemon off; pid nginx.pid; events {}
     http {
       access_log off;
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join('\n')}
       ${server(outer, OUTER, '/a', `http://127.0.0.1:${inner}/`)}
       ${server(inner, INNER, '/b', addresses[0]!)}
     }`,
  );
  const url = `http://127.0.0.1:${outer}`;
  await startProgram('nginx', join(dir, 'config'), dir, url);
  return { outer: url, hub };
}

/** Location of a PUT by a client of its own address, which forges what proxies tell. */
function locationOf(outer: string): Promise<string | undefined> {
  const forged = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'gopher' };
  const list = 'for=127.0.0.2;host=evil.example;proto=https';
  const headers = { ...forged, 'X-Forwarded-Prefix': '/evil', Forwarded: list, Host: 'h.example' };
  return new Promise((resolve, reject) => {
    const options = { method: 'PUT', headers, localAddress: CLIENT };
    const sent = request(`${outer}/a/b/files/x`, options, (answer) => {
      answer.resume();
      resolve(answer.headers.location);
    });
    sent.on('error', reject);
    sent.end('x');
  });
}

describe('behind two nginx', needs('nginx'), () => {
  it.each([
    [
      'that append to lists',
      (prefix: string) => [
        'X-Forwarded-For $proxy_add_x_forwarded_for',
        'X-Forwarded-Host "$http_x_forwarded_host, $http_host"',
        'X-Forwarded-Proto "$http_x_forwarded_proto, $scheme"',
        `X-Forwarded-Prefix "$http_x_forwarded_prefix, ${prefix}"`,
      ],
      [],
    ],
    [
      'that append to Forwarded',
      () => ['Forwarded "$http_forwarded, for=$remote_addr;host=$http_host;proto=$scheme"'],
      ['--proxy-header', 'forwarded', '--base-path', '/a/b'],
    ],
  ])('%s, Location is what the client used', async (_, fields, options) => {
    const { outer, hub } = await startChain(fields, ...options);
    expect(await locationOf(outer)).toBe('http://h.example/a/b/files/x');
    const { remote } = await hub.until('request_completed', ({ method }) => method === 'PUT');
    expect(remote).toBe(CLIENT);
  });
});
