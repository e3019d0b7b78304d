import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AddressRules,
  AddressSet,
  checkCidr,
  normalAddress,
} from '../../../src/hub/access/address-rules.ts';
import { household } from '../../../src/hub/access/addresses.ts';
import type { AdmissionOptions } from '../../../src/server/access/admission.ts';
import { forwardedWay, type ProxyHeader } from '../../../src/server/access/forwarded.ts';
import { startHub } from '../hub.ts';

describe('AddressRules', () => {
  it.each<[string[], string[], string, boolean]>([
    [[], [], '192.0.2.1', true],
    [[], ['192.0.2.0/24'], '192.0.2.1', false],
    [[], ['192.0.2.0/24'], '192.0.3.1', true],
    [['10.0.0.0/8'], [], '10.255.0.1', true],
    [['10.0.0.0/8'], [], '11.0.0.1', false],
    [['10.0.0.0/8'], ['10.1.0.0/16'], '10.1.2.3', false],
    [['10.1.2.3'], [], '10.1.2.3', true],
    [['10.1.2.3'], [], '10.1.2.4', false],
    [['0.0.0.0/0'], [], '203.0.113.9', true],
    [['0.0.0.0/0'], [], '2001:db8::1', false],
    [['2001:db8::/32'], [], '2001:db8:1::1', true],
    [['2001:db8::/32'], [], '2001:db9::1', false],
    [['::1'], [], '::1', true],
    // As a dual-stack socket shows an IPv4 address.
    [['10.0.0.0/8'], [], '::ffff:10.0.0.1', true],
    [[], ['10.0.0.0/8'], '::FFFF:10.0.0.1', false],
    [['fe80::/10'], [], 'fe80::1%eth0', true],
    // What has no address cannot be on a list.
    [['0.0.0.0/0', '::/0'], [], '', false],
  ])('allow %o, deny %o: %s -> %s', (allow, deny, address, admitted) => {
    expect(new AddressRules(allow, deny).admits(normalAddress(address))).toBe(admitted);
  });

  it.each([
    '',
    '10',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    '::ffff:10.0.0.0/104',
    'fe80::1%eth0',
    'example.org',
  ])('%o is no block of addresses, and the line says what is', (text) => {
    expect(() => checkCidr('--allow', text)).toThrow(
      /--allow: .* is not accepted; give an address/,
    );
  });
});

describe('forwardedWay', () => {
  const trusted = new AddressSet(['10.0.0.0/8', '2001:db8:aaaa::/48']);
  it.each<[ProxyHeader, string, string]>([
    ['x-forwarded-for', '192.0.2.1', '192.0.2.1'],
    ['x-forwarded-for', '192.0.2.1:5000', '192.0.2.1'],
    ['x-forwarded-for', '2001:db8::1', '2001:db8::1'],
    ['x-forwarded-for', '[2001:db8::1]:80', '2001:db8::1'],
    ['x-forwarded-for', '::ffff:192.0.2.1', '192.0.2.1'],
    // A client's own word stands before what the proxies wrote.
    ['x-forwarded-for', '1.1.1.1, 192.0.2.1', '192.0.2.1'],
    ['x-forwarded-for', '1.1.1.1, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['x-forwarded-for', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    // The hop before something unreadable is the last that is known.
    ['x-forwarded-for', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['x-forwarded-for', '192.0.2.1, ', '10.0.0.1'],
    ['x-forwarded-for', '', '10.0.0.1'],
    ['forwarded', 'for=192.0.2.1', '192.0.2.1'],
    ['forwarded', 'For="[2001:db8::1]:4711"', '2001:db8::1'],
    ['forwarded', 'proto=http;by=10.0.0.1;for=192.0.2.1', '192.0.2.1'],
    ['forwarded', 'for=1.1.1.1, for=192.0.2.1;by=x, for=10.0.0.2', '192.0.2.1'],
    ['forwarded', 'for=_hidden', '10.0.0.1'],
    ['forwarded', 'for=unknown', '10.0.0.1'],
  ])('%s: %o -> %s', (header, value, client) => {
    expect(forwardedWay(header, value, '10.0.0.1', trusted).client).toBe(client);
  });

  it('never believes what the last trusted proxy did not write, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        const value = `${forged}, 192.0.2.7`;
        expect(forwardedWay('x-forwarded-for', value, '10.0.0.1', trusted).client).toBe(
          '192.0.2.7',
        );
      }),
    );
  });
});

describe('household', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('%s -> %s', (address, expected) => {
    expect(household(address)).toBe(expected);
  });
});

describe('a hub', () => {
  const behind = (client: string) => ({ headers: { 'x-forwarded-for': client } });
  const status = async (access: AdmissionOptions, client: string) => {
    const hub = await startHub({ access });
    return (await hub.ask('/metrics', behind(client))).status;
  };

  it('refuses who may not come with 403, whatever is asked', async () => {
    const hub = await startHub({ access: { deny: ['127.0.0.0/8'] }, writable: true });
    await writeFile(join(hub.root, 'f'), 'x');
    for (const path of ['/files/f', '/files/', '/metrics', '/', '/nothing']) {
      expect((await hub.ask(path)).status).toBe(403);
    }
    const put = await hub.ask('/files/new', { method: 'PUT', body: Buffer.from('x') });
    expect(put.status).toBe(403);
  });

  it('goes by the address that a trusted proxy names, and by no other word for it', async () => {
    const allow = ['192.0.2.0/24'];
    const trustedProxies = ['127.0.0.1'];
    expect(await status({ allow, trustedProxies }, '192.0.2.1')).toBe(200);
    expect(await status({ allow, trustedProxies }, '198.51.100.1')).toBe(403);
    expect(await status({ allow, trustedProxies }, '192.0.2.1, 198.51.100.1')).toBe(403);
    expect(await status({ allow }, '192.0.2.1')).toBe(403);
    expect(await status({ allow, trustedProxies: ['10.0.0.0/8'] }, '192.0.2.1')).toBe(403);
    const proxyHeader = 'forwarded';
    expect(await status({ allow, trustedProxies, proxyHeader }, '192.0.2.1')).toBe(403);
  });

  it('logs the client that the proxy names', async () => {
    const hub = await startHub({ access: { trustedProxies: ['127.0.0.1'] } });
    await hub.ask('/metrics', behind('192.0.2.77'));
    expect(await hub.until('request_completed')).toMatchObject({ remote: '192.0.2.77' });
  });

  it('gives each client behind a proxy a rate of its own', async () => {
    const rateLimit = { requests: 1, perMs: 3_600_000 };
    const hub = await startHub({ access: { rateLimit, trustedProxies: ['127.0.0.1'] } });
    const ask = async (client: string) => (await hub.ask('/metrics', behind(client))).status;
    expect([await ask('192.0.2.1'), await ask('192.0.2.1')]).toEqual([200, 429]);
    expect([await ask('192.0.2.2'), await ask('192.0.2.2')]).toEqual([200, 429]);
    expect([await ask('2001:db8::1'), await ask('2001:db8::2')]).toEqual([200, 429]);
  });
});
