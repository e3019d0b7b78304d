// A peer behind a router that translates addresses: Debian's miniupnpd, and routers that lie.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LINUX, needs, ROOT } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { inside, ip, makeHosts, namespaces, wire } from '../namespaces.ts';
import { MIB, sameBytes } from '../swarm.ts';

const NETWORKS = namespaces('ip link add switch0 type bridge');

const RULES = `
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan0" accept
    jump miniupnpd
  }
  chain miniupnpd { }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    jump postrouting_miniupnpd
    oifname "wan0" masquerade
  }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
`;

interface Site {
  readonly dir: string;
  readonly home: string;
  readonly router: string;
  readonly away: string;
}

/** A home network 192.168.9.0/24 behind 5.9.9.1, and a host of the internet. */
async function makeSite(): Promise<Site> {
  const [home, router, away] = makeHosts('home', 'router', 'away') as [string, string, string];
  wire([home, 'lan0', '192.168.9.2/24'], [router, 'lan0', '192.168.9.1/24']);
  wire([router, 'wan0', '5.9.9.1/24'], [away, 'wan0', '5.9.9.2/24']);
  ip(`-n ${home} route add default via 192.168.9.1`);
  ip(`netns exec ${router} sysctl -qw net.ipv4.ip_forward=1`);
  const dir = await scratch();
  await writeFile(join(dir, 'rules'), RULES);
  ip(`netns exec ${router} nft -f ${join(dir, 'rules')}`);
  return { dir, home, router, away };
}

/** Runs a program on a host until the test ends; its first output says that it is ready. */
function runOn(host: string, command: string, ...args: string[]) {
  const [first, ...rest] = [...inside(host), command, ...args];
  const child = spawn(first!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return child;
}

async function startRouter({ dir, router }: Site, ways: readonly string[]): Promise<void> {
  const config = [
    'ext_ifname=wan0',
    'listening_ip=lan0',
    'secure_mode=yes',
    'uuid=7c2ac5a1-3a5f-4a59-9f6e-0d6e3f1d1d11',
    'upnp_table_name=filter',
    'upnp_nat_table_name=filter',
    'upnp_forward_chain=miniupnpd',
    'upnp_nat_chain=prerouting_miniupnpd',
    'upnp_nat_postrouting_chain=postrouting_miniupnpd',
    ...ways,
    'allow 1024-65535 192.168.9.0/24 1024-65535',
    'deny 0-65535 0.0.0.0/0 0-65535',
  ];
  await writeFile(join(dir, 'upnpd.conf'), `${config.join('\n')}\n`);
  const pid = join(dir, 'upnpd.pid');
  const daemon = runOn(router, 'miniupnpd', '-d', '-f', join(dir, 'upnpd.conf'), '-P', pid);
  let said = '';
  daemon.stderr.on('data', (text) => {
    said += text;
  });
  // Before that the port is closed, which it answers in its own way.
  await vi.waitUntil(() => /listening on|HTTP listening|NAT-PMP/i.test(said), { timeout: 30_000 });
}

/** The program for another user on that host. */
function as(dir: string, user: string, host: string, ...args: string[]): Running {
  const kinds = ['DATA', 'CACHE', 'STATE', 'CONFIG'];
  const env = Object.fromEntries(kinds.map((kind) => [`XDG_${kind}_HOME`, join(dir, user, kind)]));
  return start(args, env, inside(host));
}

const mappings = ({ router }: Site): string =>
  ip(`netns exec ${router} nft list chain inet filter prerouting_miniupnpd`);

describe('behind miniupnpd', needs('miniupnpd', 'nft', LINUX, ROOT, ...NETWORKS), () => {
  it.each([
    ['PCP or NAT-PMP', ['enable_natpmp=yes', 'enable_upnp=no']],
    ['UPnP', ['enable_natpmp=no', 'enable_upnp=yes']],
  ])(
    'a share is reached from outside by %s, and the port is given back',
    { timeout: 120_000 },
    async (_, ways) => {
      const site = await makeSite();
      await startRouter(site, ways);
      const { dir, home, away } = site;
      const file = await randomFile(join(dir, 'report.bin'), MIB);
      const sharer = as(dir, 'a', home, 'share', '--port-mapping', '--json', file);
      const { link } = await sharer.until('link_made', ({ link }) =>
        link.includes('/ip4/5.9.9.1/'),
      );
      expect(mappings(site)).toContain('192.168.9.2');
      const out = join(dir, 'out');
      const getter = as(dir, 'b', away, 'get', link, '--json', '--out', out);
      expect(await getter.exit).toBe(0);
      await sameBytes(join(out, 'report.bin'), file);
      expect(await sharer.end()).toBe(0);
      expect(mappings(site)).not.toContain('192.168.9.2');
    },
  );

  it('no port is asked for without the option', { timeout: 60_000 }, async () => {
    const site = await makeSite();
    await startRouter(site, ['enable_natpmp=yes', 'enable_upnp=yes']);
    const file = await randomFile(join(site.dir, 'report.bin'), 1000);
    const sharer = as(site.dir, 'a', site.home, 'share', '--json', file);
    await sharer.until('link_made');
    expect(await sharer.end()).toBe(0);
    expect(sharer.stdout).not.toContain('5.9.9.1');
  });
});

/**
 * Answers at both ports as `LIE` says. A description is asked for at port 5000.
 */
const LIAR = `
const { createSocket } = require('node:dgram');
const { createServer } = require('node:http');
const lie = process.env.LIE;
const pcp = createSocket('udp4');
pcp.on('message', (bytes, { port, address }) => {
  if (lie === 'silent') return;
  const nonsense = Buffer.alloc(1000, 7);
  for (let i = 0; i < 20; i++) pcp.send(nonsense, port, address);
});
pcp.bind(5351, '192.168.9.1');
const place = lie === 'third host' ? 'http://5.9.9.2:5000/x' : 'http://192.168.9.1:5000/x';
const ssdp = createSocket({ type: 'udp4', reuseAddr: true });
ssdp.on('message', (_, { port, address }) => {
  if (lie !== 'silent') ssdp.send('HTTP/1.1 200 OK\\r\\nLOCATION: ' + place + '\\r\\n\\r\\n', port, address);
});
ssdp.bind(1900, () => ssdp.addMembership('239.255.255.250', '192.168.9.1'));
const service = (at) => '<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>' + at + '</controlURL></service>';
createServer((request, response) => {
  console.log('asked ' + request.url);
  if (lie === 'hangs') return response.write('<root>');
  if (lie === 'endless') {
    const more = () => { while (response.write('x'.repeat(65536))); };
    response.on('drain', more);
    return more();
  }
  if (lie === 'redirect') return response.writeHead(302, { location: 'http://5.9.9.2:5000/x' }).end();
  if (lie === 'third control') return response.end(service('http://5.9.9.2:5000/ctl'));
  if (lie === 'private address') {
    if (request.method === 'GET') return response.end(service('/ctl'));
    return response.end('<NewExternalIPAddress>127.0.0.1</NewExternalIPAddress>');
  }
  response.end('<<<nonsense>>>' + '<service>'.repeat(5000));
}).listen(5000, '192.168.9.1', () => console.log('ready'));
`;

/** Counts the connections that come to a third host. */
const WITNESS = `
require('node:net').createServer((socket) => { console.log('called'); socket.destroy(); })
  .listen(5000, '5.9.9.2', () => console.log('ready'));
`;

describe('behind a router that', needs(LINUX, ROOT, 'nft', ...NETWORKS), () => {
  it.each([
    'silent',
    'nonsense',
    'hangs',
    'endless',
    'redirect',
    'third host',
    'third control',
    'private address',
  ])(
    'is of the kind %j, a share goes on, calls nobody else, and says so',
    { timeout: 120_000 },
    async (lie) => {
      const { dir, home, router, away } = await makeSite();
      const witness = runOn(away, process.execPath, '-e', WITNESS);
      const liar = runOn(router, 'env', `LIE=${lie}`, process.execPath, '-e', LIAR);
      const heard: string[] = [];
      witness.stdout.on('data', (text) => heard.push(`${text}`));
      await Promise.all([once(witness.stdout, 'data'), once(liar.stdout, 'data')]);
      const file = await randomFile(join(dir, 'report.bin'), 1000);
      const sharer = as(dir, 'a', home, 'share', '--port-mapping', '--json', file);
      const { link } = await sharer.until('link_made');
      expect(link).toContain('/ip4/192.168.9.2/');
      const { message } = await sharer.until('warned');
      expect(message).toMatch(/^--port-mapping: [^<]*; looked for again every minute$/);
      expect(await sharer.end()).toBe(0);
      expect(heard.join('')).toBe('ready\n');
      expect(sharer.events.filter(({ event }) => event === 'warned')).toHaveLength(1);
    },
  );
});
