// Share links: what is written is read again, and what somebody else wrote is read with care.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCid, rawCid, sha256 } from '../../../src/content/cid.ts';
import { callableOf, mayCallFor } from '../../../src/hybrid/links/callable.ts';
import {
  formatShareLink,
  isShareLink,
  parseShareLink,
  type ShareLink,
} from '../../../src/hybrid/links/share-link.ts';
import { HubswarmError } from '../../../src/runtime/errors.ts';

const CID_TEXT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const CID = parseCid('test', CID_TEXT);
const PEER = '12D3KooWGRUm1G6M5BLKRKhc4mhZKpXHhLPWQaQYJE1FYHgrcFTf';
const OTHER = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo';

const part = (query: string): string => `hubswarm:${CID_TEXT}?${query}`;

const address = fc
  .tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(PEER, OTHER, undefined))
  .map(([ip, port, peer]) => `/ip4/${ip}/tcp/${port}${peer ? `/p2p/${peer}` : ''}`);
const name = fc
  .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
const link = fc.record(
  {
    cid: fc.uint8Array({ minLength: 1 }).map((bytes) => rawCid(sha256(bytes))),
    path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
    name: fc.constantFrom('report.png', 'a b & c?.txt', "it's", 'größe.bin', '100%'),
    bytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    addresses: fc.array(address, { maxLength: 16 }),
    hubs: fc.array(fc.constantFrom('https://hub.example/', 'http://10.0.0.7:8080/below/'), {
      maxLength: 8,
    }),
  },
  { requiredKeys: ['cid', 'addresses', 'hubs'] },
);

describe('a share link', () => {
  it('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(link, async (given) => {
        const text = formatShareLink(given);
        fc.pre(text.length <= 4096);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(text).not.toContain("'");
        const read = await parseShareLink(text);
        expect({ ...read, cid: read.cid.toString() }).toEqual({
          ...given,
          cid: given.cid.toString(),
        });
      }),
    );
  });

  it('of any text is a link or one line', async () => {
    const pieces = fc.constantFrom(
      ...['a=', 'p=', 'n=', 's=', 'h=', '&', '?', '%', '%00', '%ff', '/', '#', CID_TEXT, '\u202e'],
      ...['/ip4/1.2.3.4/tcp/1', 'http://x', 'hubswarm:', '=', '1', 'é', '\n'],
    );
    const text = fc
      .array(fc.oneof(pieces, fc.string()), { maxLength: 12 })
      .map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (rest) => {
        try {
          callableOf(await parseShareLink(`hubswarm:${CID_TEXT}?${rest}`));
        } catch (error) {
          expect(error).toBeInstanceOf(HubswarmError);
          expect((error as HubswarmError).code).toBe('ERR_USAGE');
          expect((error as HubswarmError).message).not.toMatch(/[\p{Cc}\u202e]/u);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('names the PeerId once, and addresses first', () => {
    const addresses = ['/ip4/192.168.1.5/tcp/4001', '/ip4/10.0.0.5/tcp/4001'];
    const given = addresses.map((each) => `${each}/p2p/${PEER}`);
    const text = formatShareLink({ cid: CID, name: 'a b', bytes: 7, addresses: given, hubs: [] });
    expect(text).toBe(
      `hubswarm:${CID_TEXT}?a=/ip4/192.168.1.5/tcp/4001&a=/ip4/10.0.0.5/tcp/4001&p=${PEER}&n=a%20b&s=7`,
    );
  });

  it('that a shell has cut at the first & still leads there', async () => {
    const given: ShareLink = { cid: CID, addresses: ['/ip4/10.0.0.5/tcp/1'], hubs: [], name: 'x' };
    const [cut] = formatShareLink(given).split('&');
    expect(await parseShareLink(cut!)).toMatchObject({ addresses: given.addresses });
  });

  it('leaves out a name that a link may not carry', async () => {
    for (const unfit of ['a\nb', '\u202egnp.exe', '..', 'a/b', 'x'.repeat(256)]) {
      const text = formatShareLink({ cid: CID, name: unfit, addresses: [], hubs: [] });
      expect(text).toBe(`hubswarm:${CID_TEXT}`);
    }
  });

  it.each([
    ['HUBSWARM:', `HUBSWARM:${CID_TEXT}`],
    ['slashes, as programs add them', `hubswarm://${CID_TEXT}?s=1`],
    ['a CID in capitals', `hubswarm:${CID_TEXT.toUpperCase()}`],
    ['unknown keys and a fragment', part('x=1&zz=2&s=1&=&&q#n=..')],
  ])('is read with %s', async (_, text) => {
    expect(isShareLink(text)).toBe(true);
    expect((await parseShareLink(text)).cid.toString()).toBe(CID_TEXT);
  });

  const many = (value: string, count: number): string =>
    Array.from({ length: count }, () => value).join('&');

  it.each([
    ['too long', part(`n=${'x'.repeat(4096)}`), /more than 4096 characters/],
    ['a line break', part('n=a\nb'), /characters that no link has/],
    ['a control', part('n=a%1bb'), /part 'n' is no name/],
    ['a right-to-left override', part('n=%E2%80%AEgnp.exe'), /part 'n' is no name/],
    ['a bare right-to-left override', part('n=\u202egnp.exe'), /characters that no link has/],
    ['a path as name', part('n=../../.bashrc'), /part 'n' is no name/],
    ['a hidden zero', part('n=a%00.png'), /part 'n' is no name/],
    ['a name of 300 bytes', part(`n=${'x'.repeat(300)}`), /part 'n' is no name/],
    ['half an escape', part('n=%e'), /part 'n' is not percent-coded/],
    ['a wrong UTF-8', part('n=%ff'), /part 'n' is not percent-coded/],
    ['two names', part('n=a&n=b'), /part 'n' stands there twice/],
    ['two lengths', part('s=1&s=1'), /part 's' stands there twice/],
    ['a negative length', part('s=-1'), /part 's' is no number of bytes/],
    ['a length past 2^53', part('s=9007199254740993'), /part 's' is no number of bytes/],
    ['a length of many digits', part(`s=${'9'.repeat(400)}`), /part 's' is no number of bytes/],
    ['a PeerId that is none', part('p=me'), /part 'p' is no PeerId/],
    [
      'an address that is none',
      part('a=10.0.0.1:4001'),
      /part 'a' '10.0.0.1:4001' is no multiaddr/,
    ],
    ['an address with a blank', part('a=/ip4/1.2.3.4%20/tcp/1'), /is no multiaddr/],
    ['17 addresses', part(many('a=/ip4/1.2.3.4/tcp/1', 17)), /part 'a' stands there more than 16/],
    ['a long address', part(`a=/dns4/${'x'.repeat(600)}/tcp/1`), /more than 512 characters/],
    ['credentials', part('h=http://me:secret@hub.example/'), /part 'h' carries credentials/],
    ['a login', part('h=http://me@hub.example/'), /part 'h' carries credentials/],
    ['a file', part('h=file:///etc/passwd'), /is no http or https URL/],
    ['a script', part('h=javascript:alert(1)'), /is no http or https URL/],
    ['a hub with a query', part('h=http://10.0.0.1/reboot?now=1'), /it has a query/],
    ['9 hubs', part(many('h=http://hub.example/', 9)), /part 'h' stands there more than 8/],
    ['no CID', 'hubswarm:?a=/ip4/1.2.3.4/tcp/1', /link: '' is not a CID/],
    ['a CID that is cut', 'hubswarm:bafkreigh2akisca?s=1', /link: 'bafkreigh2akisca' is not a CID/],
    ['another scheme inside', 'hubswarm:https://hub.example/', /link: 'https:' is not a CID/],
    ['a CID with a bare escape', 'hubswarm:%zz', /part 'CID' is not percent-coded/],
  ])('is refused with %s', async (_, text, reason) => {
    const failure = await parseShareLink(text).then(
      () => undefined,
      (error: unknown) => error as HubswarmError,
    );
    expect(failure?.code).toBe('ERR_USAGE');
    expect(failure?.message).toMatch(reason);
    expect(failure?.message).not.toMatch(/secret|\p{Cc}/u);
  });
});

describe('what is called for a link', () => {
  const called = (addresses: string[], hubs: string[] = [], own: string[] = []) => {
    const { names: _, ...called } = callableOf({ addresses, hubs }, own);
    return called;
  };

  it.each(['/dns4/localhost/tcp/22', '/dns4/rebinding.example/tcp/22', '/dnsaddr/net.example'])(
    'is what %s stands for, when it is called',
    (text) => {
      const none = { addresses: [], hubs: [], passedOver: [] };
      expect(callableOf({ addresses: [text], hubs: [] }, [])).toEqual({ ...none, names: [text] });
    },
  );

  it.each([
    ['/ip4/192.168.1.5/tcp/4001', true],
    ['/ip4/203.0.113.9/tcp/4001', true],
    ['/ip4/127.0.0.1/tcp/22', false],
    ['/ip6/::1/tcp/22', false],
    ['/ip4/169.254.169.254/tcp/80', false],
    ['/ip4/192.0.3.7/tcp/80', false],
  ])('of a name %s: %s', (text, expected) => {
    expect(mayCallFor(['192.0.3.7'])(text)).toBe(expected);
  });

  it.each([
    '/ip4/192.168.1.5/tcp/4001',
    `/ip4/203.0.113.9/tcp/4001/p2p/${PEER}`,
    '/ip6/fd00::5/tcp/4001',
    '/ip4/100.64.0.1/tcp/4001',
  ])('is %s', (text) => {
    expect(called([text])).toEqual({ addresses: [text], hubs: [], passedOver: [] });
  });

  it.each([
    '/ip4/127.0.0.1/tcp/22',
    '/ip4/127.8.8.8/tcp/22',
    '/ip6/::1/tcp/22',
    '/ip6/::ffff:127.0.0.1/tcp/22',
    '/ip6/64:ff9b::7f00:1/tcp/22',
    '/ip4/0.0.0.0/tcp/22',
    '/ip6/::/tcp/22',
    '/ip4/224.0.0.1/tcp/22',
    '/ip4/10.0.0.1/tcp/0',
  ])('is not %s', (text) => {
    expect(called([text])).toEqual({ addresses: [], hubs: [], passedOver: [text] });
  });

  it('is nothing of link-local addresses, where clouds keep the credentials of a machine', () => {
    for (const host of ['/ip4/169.254.169.254', '/ip6/fe80::1', '/ip6/::ffff:169.254.169.254']) {
      const text = `${host}/tcp/80`;
      expect(called([text])).toEqual({ addresses: [], hubs: [], passedOver: [text] });
    }
    const hub = 'http://169.254.169.254/';
    expect(called([], [hub])).toEqual({ addresses: [], hubs: [], passedOver: [hub] });
  });

  it('is nothing of the addresses that this machine has, in any spelling', () => {
    const own = ['192.0.3.7', '2a02::7'];
    for (const host of [
      '/ip4/192.0.3.7',
      '/ip6/::ffff:192.0.3.7',
      '/ip6/64:ff9b::c000:307',
      '/ip6/2a02::7',
      '/ip6/2a02:0:0::7',
    ]) {
      const text = `${host}/tcp/7777/p2p/${PEER}`;
      expect(called([text], [], own)).toEqual({ addresses: [], hubs: [], passedOver: [text] });
    }
    for (const href of ['http://192.0.3.7:7777/', 'http://[2a02::7]/']) {
      expect(called([], [href], own)).toEqual({ addresses: [], hubs: [], passedOver: [href] });
    }
    const other = '/ip4/192.0.3.8/tcp/7777';
    expect(called([other], [], own).addresses).toEqual([other]);
  });

  it.each(['/ip4/10.0.0.1/udp/4001/quic-v1', '/ip4/10.0.0.1/tcp/1/ws', '/unix/tmp/x', '/what/1'])(
    'is nothing of another kind: %s',
    (text) => expect(called([text])).toEqual({ addresses: [], hubs: [], passedOver: [] }),
  );

  it.each([
    ['https://hub.example/', true],
    ['http://192.168.1.7:8080/', true],
    ['http://127.0.0.1:8080/', false],
    ['http://127.1/', false],
    ['http://2130706433/', false],
    ['http://[::1]/', false],
    ['http://[::ffff:7f00:1]/', false],
    ['http://localhost:8080/', false],
    ['http://x.localhost/', false],
    ['http://0.0.0.0/', false],
  ])('a hub at %s: %s', (text, isCalled) => {
    const { href } = new URL(text);
    const { hubs, passedOver } = called([], [text]);
    expect(hubs.map(String)).toEqual(isCalled ? [href] : []);
    expect(passedOver).toEqual(isCalled ? [] : [href]);
  });
});
