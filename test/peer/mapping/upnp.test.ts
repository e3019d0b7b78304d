// What a router may say of itself by UPnP: it leads to no other host, and nonsense to nothing.
import { describe, expect, it } from 'vitest';
import { parseRoutes } from '../../../src/peer/mapping/gateway.ts';
import { locationIn, serviceIn } from '../../../src/peer/mapping/upnp.ts';
import { textsOf } from '../../../src/peer/mapping/xml.ts';

const ROUTER = '192.168.9.1';
const PLACE = new URL(`http://${ROUTER}:5000/rootDesc.xml`);

const answer = (location: string): Buffer =>
  Buffer.from(`HTTP/1.1 200 OK\r\nST: x\r\nLocation: ${location}\r\n\r\n`);

describe('the place of a description', () => {
  it('is on the router', () => {
    expect(locationIn(answer(PLACE.href), ROUTER)?.href).toBe(PLACE.href);
  });

  it.each([
    'http://192.168.9.7/rootDesc.xml',
    'http://127.0.0.1/x',
    'http://router.example/x',
    'https://192.168.9.1/x',
    'http://user:secret@192.168.9.1/x',
    'http://192.168.9.1.example/x',
    'file:///etc/passwd',
    '',
  ])('is nowhere else: %s', (location) => {
    expect(locationIn(answer(location), ROUTER)).toBe(undefined);
  });

  it('is not in what is no answer, or too long', () => {
    expect(locationIn(Buffer.from('NOTIFY * HTTP/1.1\r\n\r\n'), ROUTER)).toBe(undefined);
    expect(locationIn(Buffer.alloc(4096, 'a'), ROUTER)).toBe(undefined);
  });
});

const service = (type: string, control: string): string =>
  `<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>`;
const WAN = 'urn:schemas-upnp-org:service:WANIPConnection:1';

describe('the service that maps ports', () => {
  it.each([
    [WAN, '/ctl/IPConn', 'http://192.168.9.1:5000/ctl/IPConn'],
    ['urn:schemas-upnp-org:service:WANPPPConnection:1', 'ctl', 'http://192.168.9.1:5000/ctl'],
    [WAN, 'http://192.168.9.1:80/x', 'http://192.168.9.1/x'],
  ])('%s at %s', (type, control, url) => {
    const other = service('urn:schemas-upnp-org:service:Layer3Forwarding:1', '/other');
    const xml = `<root><serviceList>${other}${service(type, control)}</serviceList></root>`;
    expect(serviceIn(xml, PLACE)).toMatchObject({ type, url: { href: url } });
  });

  it.each([
    ['another host', service(WAN, 'http://203.0.113.9/x')],
    [
      'another host by its base',
      `<URLBase>http://203.0.113.9/</URLBase>${service(WAN, '//203.0.113.9/x')}`,
    ],
    ['another scheme', service(WAN, 'file:///x')],
    ['no service', '<root></root>'],
    ['one that is not closed', `<service><serviceType>${WAN}</serviceType>`],
    ['nonsense', '<<<service>>></'],
    ['nothing', ''],
  ])('is none where it is of %s', (_, xml) => {
    expect(serviceIn(xml, PLACE)).toBe(undefined);
  });
});

describe('XML', () => {
  it('with a prefix and attributes is read', () => {
    expect(textsOf('<a:x y="1"> 5.9.9.1 </a:x><xy>no</xy>', 'x', 9)).toEqual(['5.9.9.1']);
  });

  it('of many tags is read up to a number', () => {
    expect(textsOf('<x>1</x>'.repeat(100), 'x', 3)).toEqual(['1', '1', '1']);
  });

  it.each(['<service', '<service>', 'service', '<', '<a:service '])(
    'of 64 KiB of %s is read in one pass',
    (part) => {
      const text = part.repeat(Math.ceil(65_536 / part.length));
      expect(serviceIn(text, PLACE)).toBe(undefined);
    },
  );
});

describe('routes of the kernel', () => {
  const head =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  it('name the router of the default route with the least metric', () => {
    const table = `${head}wlan0\t00000000\t0109A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n`;
    expect(parseRoutes(table)).toEqual([
      { device: 'eth0', router: '192.168.1.1' },
      { device: 'wlan0', router: '192.168.9.1' },
    ]);
  });

  it.each(['', 'nonsense', `${head}eth0\t00000000\tx\t0003\t0\t0\t1\t00000000`])(
    'are none in %j',
    (table) => {
      expect(parseRoutes(table)).toEqual([]);
    },
  );
});
