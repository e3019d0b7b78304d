// Which addresses a peer names, and what names lead to: on hosts of a LAN with a name server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LINUX, needs, ROOT } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { inside, ip, makeLan, namespaces } from '../namespaces.ts';
import { MIB, sameBytes } from '../swarm.ts';

const LAN = namespaces('ip link add switch0 type bridge');

/** The program for a user of its own on that host. */
function as(dir: string, user: string, host: string, ...args: string[]): Running {
  const kinds = ['DATA', 'CACHE', 'STATE', 'CONFIG'];
  const env = Object.fromEntries(kinds.map((kind) => [`XDG_${kind}_HOME`, join(dir, user, kind)]));
  return start(args, env, inside(host));
}

/** Answers questions for A and TXT records by UDP, from a table in ZONE. */
const NAME_SERVER = `
const { createSocket } = require('node:dgram');
const zone = JSON.parse(process.env.ZONE);
const socket = createSocket('udp4');
socket.on('message', (question, { port, address }) => {
  const labels = [];
  let at = 12;
  for (; question[at] !== 0; at += question[at] + 1) labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
  const end = at + 5;
  const type = question.readUInt16BE(at + 1);
  const kind = { 1: 'A', 16: 'TXT' }[type];
  const known = zone[labels.join('.').toLowerCase()];
  const found = (kind && known && known[kind]) || [];
  const answers = found.map((text) => {
    const data = kind === 'A' ? Buffer.from(text.split('.').map(Number)) : Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
    const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length]);
    return Buffer.concat([head, data]);
  });
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(known ? 0x8580 : 0x8583, 2);
  head.writeUInt16BE(answers.length, 6);
  head.writeUInt32BE(0, 8);
  socket.send(Buffer.concat([head, question.subarray(12, end), ...answers]), port, address);
});
socket.bind(53, '10.78.0.1', () => console.log('ready'));
`;

/** A name server on the first host, which the others ask. */
async function serveNames(hosts: readonly string[], zone: object): Promise<void> {
  for (const host of hosts) {
    const dir = `/etc/netns/${host}`;
    await mkdir(dir, { recursive: true });
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await writeFile(join(dir, 'resolv.conf'), 'nameserver 10.78.0.1\noptions timeout:1\n');
  }
  const [command, ...args] = [...inside(hosts[0]!), process.execPath, '-e', NAME_SERVER];
  const env = { ...process.env, ZONE: JSON.stringify(zone) };
  const server = spawn(command!, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  await once(server.stdout, 'data');
}

describe('on a LAN', needs(LINUX, ROOT, ...LAN), () => {
  it('a wildcard names each interface, of both families', { timeout: 60_000 }, async () => {
    const [host] = makeLan(1) as [string];
    ip(`-n ${host} addr add fd78::1/64 dev lan0 nodad`);
    const dir = await scratch();
    const listen = ['--listen', '/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001'];
    const peer = as(dir, 'a', host, 'peer', '--json', ...listen);
    const { addresses } = await peer.until('listening');
    const named = addresses.map((address) => address.replace(/\/p2p\/.*/, ''));
    expect(named).toEqual(
      expect.arrayContaining(['/ip4/10.78.0.1/tcp/4001', '/ip6/fd78::1/tcp/4001']),
    );
    expect(named.join()).not.toMatch(/0\.0\.0\.0|ip6\/::\/|fe80/);
  });

  it('names of hosts and of peers lead to a share', { timeout: 120_000 }, async () => {
    const hosts = makeLan(3);
    const [, here, there] = hosts as [string, string, string];
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), MIB);
    const at = ['--listen', '/ip4/10.78.0.2/tcp/4001'];
    const sharer = as(dir, 'a', here, 'share', '--json', ...at, file);
    const { cid } = await sharer.until('link_made');
    const { peerId } = await sharer.until('listening');
    await serveNames(hosts, {
      'origin.test': { A: ['10.78.0.2'] },
      '_dnsaddr.net.test': { TXT: ['dnsaddr=/dnsaddr/deep.test', 'dnsaddr=nonsense'] },
      '_dnsaddr.deep.test': { TXT: [`dnsaddr=/dns4/origin.test/tcp/4001/p2p/${peerId}`] },
    });
    const named = `/dns4/origin.test/tcp/4001/p2p/${peerId}`;
    const ways = [
      [cid, '--join', named],
      [cid, '--join', '/dnsaddr/net.test'],
      [`hubswarm:${cid}?a=${named}`],
      [`hubswarm:${cid}?a=/dnsaddr/net.test/p2p/${peerId}`.replace(`/p2p/${peerId}`, '')],
    ];
    for (const [index, way] of ways.entries()) {
      const out = join(dir, `out-${index}`);
      const getter = as(dir, `b-${index}`, there, 'get', '--json', ...way, '--out', out);
      expect(await getter.exit).toBe(0);
      await sameBytes(join(out, 'report.bin'), file);
    }
  });

  it('a name in a link does not lead to this machine', { timeout: 60_000 }, async () => {
    const hosts = makeLan(2);
    const [, there] = hosts as [string, string];
    await serveNames(hosts, {
      'home.test': { A: ['127.0.0.1', '10.78.0.2', '169.254.169.254'] },
      '_dnsaddr.home.test': { TXT: ['dnsaddr=/ip4/127.0.0.1/tcp/4001'] },
      '_dnsaddr.loop.test': { TXT: ['dnsaddr=/dnsaddr/loop.test'] },
    });
    const dir = await scratch();
    const file = await randomFile(join(dir, 'report.bin'), 1000);
    const victim = as(
      dir,
      'v',
      there,
      'peer',
      '--json',
      '--listen',
      '/ip4/0.0.0.0/tcp/4001',
      '--share',
      file,
    );
    const { cid } = await victim.until('file_shared');
    const part = ['/dns4/home.test/tcp/4001', '/dnsaddr/home.test', '/dnsaddr/loop.test'];
    const link = `hubswarm:${cid}?${part.map((each) => `a=${each}`).join('&')}`;
    const getter = as(dir, 'b', there, 'get', '--json', link, '--out', join(dir, 'out'));
    const heard: string[] = [];
    for (const name of part) {
      const { reason } = await getter.until('peers_awaited', ({ addresses }) =>
        addresses.includes(name),
      );
      heard.push(reason);
    }
    expect(heard).toEqual([
      'the name leads to this machine, where a link may not lead',
      'the name leads to this machine, where a link may not lead',
      'no such name, or it stands for no address',
    ]);
    expect(victim.events.map(({ event }) => event)).not.toContain('peer_connected');
  });
});

it.each(['/dnsaddr/', '/dnsaddr/a b', '/dnsaddr/a.test/tcp/1', '/dnsaddr/a.test/p2p/'])(
  '--join %j is refused in one line',
  async (text) => {
    const { code, stderr } = await run(['peer', '--join', text]);
    expect(code).toBe(2);
    expect(stderr).toContain('--join: ');
    expect(stderr).toContain('/dnsaddr/NAME');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  },
);
