import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AdmissionOptions } from '../../../src/server/access/admission.ts';
import { checkHostName } from '../../../src/server/access/host-names.ts';
import { startHub } from '../hub.ts';
import { keyFile } from './keys.ts';

async function hubWith(access: AdmissionOptions, host = '127.0.0.1') {
  const hub = await startHub({
    host,
    writable: false,
    access: { allowHosts: undefined, ...access },
  });
  await writeFile(join(hub.root, 'f'), 'x');
  // As a browser asks.
  const called = async (name: string, path = '/files/f', headers = {}) =>
    (await hub.ask(path, { headers: { host: name, 'accept-language': 'en', ...headers } })).status;
  return { hub, called };
}

describe('a hub that only this machine reaches', () => {
  it.each([
    '127.0.0.1:8080',
    '127.0.0.2',
    '[::1]:8080',
    'localhost',
    'LOCALHOST:8080',
    'app.localhost:80',
    '10.0.0.1',
  ])('may be called %s', async (name) => {
    expect(await (await hubWith({})).called(name)).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
  ])('shows nothing to who calls it %s', async (name) => {
    const { hub, called } = await hubWith({});
    for (const path of ['/files/f', '/files/', '/events?wait=0', '/metrics', '/ipfs/bafkqaaa']) {
      expect(await called(name, path)).toBe(421);
    }
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    expect(await called(name, '/events', upgrade)).toBe(421);
    const headers = { host: name, 'accept-language': 'en' };
    const { text } = await hub.ask('/files/f', { headers });
    expect(text).toBe('this server is not called so; see --allow-host\n');
    // A name that was refused stays so after one that was not.
    expect(await called('localhost')).toBe(200);
    expect(await called(name)).toBe(421);
  });

  it.each([
    ['accept-language', 'en'],
    ['origin', 'http://evil.example'],
    ['sec-fetch-site', 'same-origin'],
  ])('takes what has %s for a page, and what has none for a program', async (header, value) => {
    const { hub } = await hubWith({});
    const ask = async (headers: Record<string, string>) =>
      (await hub.ask('/files/f', { headers: { host: 'evil.example', ...headers } })).status;
    expect(await ask({ [header]: value })).toBe(421);
    expect(await ask({})).toBe(200);
  });

  it('answers balancers, whatever they call it', async () => {
    expect(await (await hubWith({})).called('hub-1', '/readyz')).toBe(200);
  });

  it('goes by the names that it is given, too', async () => {
    const { called } = await hubWith({ allowHosts: ['Files.example.org'] });
    expect(await called('files.EXAMPLE.org:443')).toBe(200);
    expect(await called('localhost')).toBe(200);
    expect(await called('other.example.org')).toBe(421);
    expect(await (await hubWith({ allowHosts: ['*'] })).called('any.example')).toBe(200);
  });
});

describe('by any name may be called', () => {
  it('a hub that others reach as well, unless it is told its names', async () => {
    expect(await (await hubWith({}, '0.0.0.0')).called('files.example.org')).toBe(200);
    const named = await hubWith({ allowHosts: ['files.example.org'] }, '0.0.0.0');
    expect(await named.called('files.example.org')).toBe(200);
    expect(await named.called('evil.example')).toBe(421);
  });

  it('one behind a proxy, whose matter the names are', async () => {
    const { called } = await hubWith({ trustedProxies: ['127.0.0.1'] });
    expect(await called('files.example.org')).toBe(200);
  });

  it('one that shows nothing without a token, which no other page has', async () => {
    const { called } = await hubWith({ tokenKeyFiles: [(await keyFile()).file] });
    expect(await called('files.example.org')).toBe(401);
  });
});

it.each(['a b', 'a:80', 'http://a', '.a', '-', ''])('--allow-host %j is refused', (text) => {
  expect(() => checkHostName('--allow-host', text)).toThrow(/is not accepted; give a name without/);
});
