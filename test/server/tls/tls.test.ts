import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Hub, startHub, tempRoot } from '../hub.ts';
import { certificateFiles } from './certificates.ts';

async function handshake(hub: Hub, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: hub.port,
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** The body, from a server whose certificate must hold for 127.0.0.1 or localhost. */
function get(hub: Hub, path: string, ca: string, servername?: string) {
  return new Promise<{ body: Buffer; headers: Record<string, unknown> }>((resolve, reject) => {
    const host = '127.0.0.1';
    const options = {
      host,
      port: hub.port,
      path,
      ca,
      agent: false,
      ...(servername && { servername }),
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ body: Buffer.concat(chunks), headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

const selfSigned = (directory: string) => ({ kind: 'self_signed', directory }) as const;

describe('TLS with a certificate of its own', () => {
  it('serves the same bytes, over 1.3 with AES-128 first, and proves itself', async () => {
    const directory = join(await tempRoot(), 'deep', 'tls');
    const hub = await startHub({ tls: selfSigned(directory) });
    expect(hub.running.url).toBe(`https://127.0.0.1:${hub.port}/`);
    const bytes = randomBytes(3 * 2 ** 20 + 7);
    await writeFile(join(hub.root, 'f'), bytes);
    const ca = await readFile(join(directory, 'self-signed.pem'), 'utf8');
    const { body, headers } = await get(hub, '/files/f', ca);
    expect(body.equals(bytes)).toBe(true);
    // A browser that trusts it today may not tomorrow: it must be able to go back.
    expect(headers).not.toHaveProperty('strict-transport-security');
    const socket = await handshake(hub);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().standardName).toBe('TLS_AES_128_GCM_SHA256');
    const { fingerprint256 } = socket.getPeerCertificate();
    const event = await hub.until('certificate_loaded');
    expect(event).toMatchObject({ sha256: fingerprint256, selfSigned: true });
    expect(event.names).toEqual(expect.arrayContaining(['localhost', '127.0.0.1']));
  });

  it('keeps it for the next start, readable by its user alone', async () => {
    const directory = await tempRoot();
    const fingerprint = async () => {
      const hub = await startHub({ tls: selfSigned(directory) });
      return (await hub.until('certificate_loaded')).sha256;
    };
    const first = await fingerprint();
    expect(await fingerprint()).toBe(first);
    const path = join(directory, 'self-signed.pem');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300));
    expect(await fingerprint()).not.toBe(first);
  });

  it('makes it anew when it has expired, or the hub answers to another name', async () => {
    const directory = await tempRoot();
    const path = join(directory, 'self-signed.pem');
    const { certFile, keyFile } = await certificateFiles(-2, -1);
    await writeFile(path, (await readFile(certFile, 'utf8')) + (await readFile(keyFile, 'utf8')));
    const start = async (host: string) => {
      const hub = await startHub({ tls: selfSigned(directory), host });
      return hub.until('certificate_loaded');
    };
    const renewed = await start('127.0.0.1');
    expect(Date.parse(renewed.expires)).toBeGreaterThan(Date.now() + 300 * 86_400_000);
    const other = await start('127.0.0.9');
    expect(other.sha256).not.toBe(renewed.sha256);
    expect(other.names).toContain('127.0.0.9');
    // A wildcard is no name.
    expect((await start('0.0.0.0')).names).not.toContain('0.0.0.0');
  });
});

describe('TLS with a given certificate', () => {
  const given = (files: { certFile: string; keyFile: string }) =>
    ({ kind: 'given', ...files }) as const;

  it('serves it, tells browsers to come by TLS from now on, and takes no TLS 1.1', async () => {
    const files = await certificateFiles();
    const hub = await startHub({ tls: given(files) });
    const { headers } = await get(hub, '/metrics', files.cert, 'localhost');
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d+$/);
    expect((await handshake(hub, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
    const old = handshake(hub, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    await expect(old).rejects.toThrow();
  });

  it('reads it anew on reload(), and keeps the old one when the new one is bad', async () => {
    const files = await certificateFiles();
    const renewed = await certificateFiles();
    const hub = await startHub({ tls: given(files) });
    const shown = async () => (await handshake(hub)).getPeerCertificate().fingerprint256;
    const old = new X509Certificate(files.cert).fingerprint256;
    expect(await shown()).toBe(old);
    await writeFile(files.certFile, renewed.cert);
    await hub.running.reload();
    expect((await hub.until('warned')).message).toMatch(/not the key of the certificate/);
    expect(await shown()).toBe(old);
    await writeFile(files.keyFile, await readFile(renewed.keyFile));
    await hub.running.reload();
    expect(await shown()).toBe(new X509Certificate(renewed.cert).fingerprint256);
    expect(hub.events.filter(({ event }) => event === 'certificate_loaded')).toHaveLength(2);
  });

  it('says in one line what is wrong with it', async () => {
    const [good, other] = [await certificateFiles(), await certificateFiles()];
    const [expired, early] = [await certificateFiles(-2, -1), await certificateFiles(1, 2)];
    const text = join(await tempRoot(), 'text');
    await writeFile(text, 'no PEM');
    const missing = 'ERR_NOT_FOUND';
    const wrong: [{ certFile: string; keyFile: string }, RegExp, string?][] = [
      [{ ...good, certFile: `${text}2` }, /-cert: .*: no such file; give a certificate/, missing],
      [{ ...good, keyFile: `${text}2` }, /-key: .*: no such file; give a private key/, missing],
      [{ ...good, certFile: text }, /--tls-cert: .*: not a certificate in PEM/],
      [{ ...good, keyFile: text }, /--tls-key: .*: not a private key in PEM/],
      [{ ...good, keyFile: good.certFile }, /--tls-key: .*: not a private key in PEM/],
      [{ ...good, keyFile: other.keyFile }, /--tls-key: .*: not the key of the certificate/],
      [expired, /--tls-cert: .*: expired on \d{4}-\d\d-\d\d; give a valid one/],
      [early, /--tls-cert: .*: not valid before \d{4}-\d\d-\d\d/],
    ];
    for (const [files, reason, code = 'ERR_USAGE'] of wrong) {
      const error = await startHub({ tls: given(files) }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, message: expect.stringMatching(reason) });
      expect((error as Error).message).not.toContain('\n');
    }
  });
});

describe('a TLS port', () => {
  it.each([
    ...['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'MKCOL', 'CONNECT'].map(
      (method) => `${method} /files/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nbytes`,
    ),
    'GET / HTTP/1.0\r\n\r\n',
    '\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500),
  ])('tells plain HTTP of https://, once, and closes: %j', async (head) => {
    const hub = await startHub({ tls: selfSigned(await tempRoot()) });
    const plain = hub.socket();
    let text = '';
    plain.on('data', (chunk: Buffer) => (text += chunk));
    plain.write(head);
    await once(plain, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('\r\nConnection: close\r\n');
    expect(text).toMatch(/\r\n\r\nthis port speaks TLS: the URL begins with https:\/\/.*\n$/);
    expect(text.split('HTTP/1.1')).toHaveLength(2);
    expect((await handshake(hub)).getProtocol()).toBe('TLSv1.3');
  });

  it.each([
    ['a version of TLS that it does not take', '160301000501000001ff'],
    ['noise behind the head of a record', '1603010005deadbeef00'],
  ])('answers %s with an alert alone', async (_what, hex) => {
    const hub = await startHub({ tls: selfSigned(await tempRoot()) });
    const client = hub.socket();
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.write(Buffer.from(hex, 'hex'));
    await once(client, 'close');
    const came = Buffer.concat(chunks);
    expect([came[0], came.length]).toEqual([0x15, 7]);
  });

  it('goes on when someone resets, or stops in the middle of the handshake', async () => {
    const hub = await startHub({ tls: selfSigned(await tempRoot()) });
    const gone = hub.socket();
    await once(gone, 'connect');
    gone.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n', () => gone.resetAndDestroy());
    await once(gone, 'close');
    const half = hub.socket();
    await once(half, 'connect');
    // The head of a ClientHello that never comes.
    half.write(Buffer.from('1603010200010001fc0303', 'hex'));
    const startedAt = performance.now();
    expect((await handshake(hub)).getProtocol()).toBe('TLSv1.3');
    half.resume();
    await once(half, 'close');
    expect(performance.now() - startedAt).toBeGreaterThan(4000);
  });
});

it('a plain port tells TLS of http://', async () => {
  const client = (await startHub()).socket();
  let text = '';
  client.on('data', (chunk: Buffer) => (text += chunk));
  client.write(Buffer.from('1603010200010001fc0303', 'hex'));
  await once(client, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(text).toMatch(/\r\n\r\nthis port speaks no TLS: the URL begins with http:\/\/.*\n$/);
});
