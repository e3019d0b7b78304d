// The built binary as its owner would guard it: keys, tokens, TLS, signals.
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certificateFiles } from '../../server/tls/certificates.ts';
import { run, scratch, start } from '../binary.ts';

const json = (text: string) => JSON.parse(text) as Record<string, string>;

describe('a guarded server', () => {
  it('lets everybody read and who has a token write, with the key of its owner', async () => {
    const [root, config] = [await scratch(), await scratch()];
    const env = { XDG_CONFIG_HOME: config };
    const args = ['--writable', '--token-key', '--public-read', '--host', '0.0.0.0'];
    const server = start(['server', '--json', '--root', root, '--port', '0', ...args], env);
    const { addresses } = await server.until('listening');
    const url = addresses[0]!.replace('0.0.0.0', '127.0.0.1');
    const making = start(['token', '--scope', 'write', '--path', '/in/', '--subject', 'ann'], env);
    expect(await making.exit).toBe(0);
    const authorization = `Bearer ${making.stdout.trim()}`;
    const put = (path: string, headers: Record<string, string>) =>
      fetch(`${url}files/${path}`, { method: 'PUT', body: 'x', headers });
    expect((await put('in/f', {})).status).toBe(401);
    expect((await put('f', { authorization })).status).toBe(403);
    expect((await put('in/f', { authorization })).status).toBe(201);
    expect(await (await fetch(`${url}files/in/f`)).text()).toBe('x');
    const { subject } = await server.until('request_completed', ({ status }) => status === 201);
    expect(subject).toBe('ann');
  });

  it('serves TLS, and shows a renewed certificate after SIGHUP', async () => {
    const root = await scratch();
    await mkdir(join(root, 'd'));
    const [files, renewed] = [await certificateFiles(), await certificateFiles()];
    const tls = ['--tls-cert', files.certFile, '--tls-key', files.keyFile];
    const server = start(['server', '--json', '--root', root, '--port', '0', ...tls]);
    const { addresses } = await server.until('listening');
    const port = Number(new URL(addresses[0]!).port);
    const first = await server.until('certificate_loaded');
    expect(await shown(port)).toBe(first.sha256);
    await writeFile(files.certFile, renewed.cert);
    await writeFile(files.keyFile, await readFile(renewed.keyFile));
    server.child.kill('SIGHUP');
    const second = await server.until(
      'certificate_loaded',
      ({ sha256 }) => sha256 !== first.sha256,
    );
    await expect.poll(() => shown(port)).toBe(second.sha256);
    expect(await get(port, renewed.cert)).toMatchObject({ status: 'ok' });
    expect(await server.end()).toBe(0);
  });

  it('says in one line what is wrong, and starts nothing', async () => {
    const root = await scratch();
    const file = join(root, 'file');
    await writeFile(file, 'short');
    const wrong: [string[], RegExp][] = [
      [['--writable', '--host', '0.0.0.0'], /--token-key .*--allow-anonymous-writes/],
      ...['127.0.0.1', '::1', 'localhost', '127.9.9.9'].map((host): [string[], RegExp] => [
        ['--writable', '--host', host, '--trust-proxy', '127.0.0.1/32'],
        /--writable with --trust-proxy .*--token-key .*--allow-anonymous-writes/,
      ]),
      [['--token-key', file], /file: too short for a secret; give an Ed25519 key/],
      [['--public-read'], /--public-read does nothing without --token-key/],
      [['--tls-cert', file], /--tls-cert and --tls-key go together/],
      [['--tls-cert', file, '--tls-key', file], /--tls-cert: .*not a certificate in PEM/],
      [['--allow', '10.0.0.0/99'], /--allow: '10\.0\.0\.0\/99' is not accepted/],
      [['--trust-proxy', 'nginx'], /--trust-proxy: 'nginx' is not accepted/],
      [['--cors-origin', 'example.org'], /--cors-origin: 'example\.org' is not an origin/],
      [['--rate-limit', '10'], /--rate-limit: '10' is not accepted; give requests per second/],
    ];
    for (const [args, line] of wrong) {
      const ended = await run(['server', '--root', root, '--port', '0', ...args]);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(line);
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

async function shown(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}

function get(port: number, ca: string): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      ca,
      path: '/healthz',
      agent: false,
    };
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(json(text)));
    });
    sent.on('error', reject);
    sent.end();
  });
}
