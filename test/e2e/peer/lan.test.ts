// Where peers listen on a LAN when nobody told them: hosts in network namespaces of the
// test's own. Needs Linux, root, iproute2 and bridges; skipped without.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Stamped } from '../../../src/telemetry/event.ts';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { inside, ip, makeHosts, makeLan, namespaces, wire } from '../namespaces.ts';
import { MIB, sameBytes } from '../swarm.ts';

const SWITCH = namespaces('ip link add switch0 type bridge');
const RECEIVERS = 4;

/** `hubswarm peer` on a host, with a data directory of its own. */
function peerOn(host: string, dir: string, ...args: string[]): Running {
  return start(['peer', '--json', '--data', join(dir, host), ...args], {}, inside(host));
}

/** TCP sockets of the host in the state LISTEN. */
const countListening = (host: string): number =>
  ip(`netns exec ${host} cat /proc/net/tcp /proc/net/tcp6`)
    .split('\n')
    .filter((line) => line.trim().split(/\s+/)[3] === '0A').length;

const sentBytes = (events: readonly Stamped[]): number =>
  events.findLast((event) => event.event === 'link_counted')?.sentBytes ?? 0;

describe('peers on a LAN', needs(...SWITCH), () => {
  it('pass the file on when all they are told is --join', { timeout: 60_000 }, async () => {
    const [first, ...others] = makeLan(1 + RECEIVERS);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 4 * MIB);
    const open = ['--listen', '/ip4/10.78.0.1/tcp/0', '--uplink', '8Mbit/s'];
    const origin = peerOn(first!, dir, '--share', file, ...open);
    const { cid } = await origin.until('file_shared');
    const [address] = (await origin.until('listening')).addresses;
    const get = (host: string) => ['--get', cid, '--out', join(dir, `${host}-out`)];
    const peers = others.map((host) => peerOn(host, dir, '--join', address!, ...get(host)));
    for (const [index, peer] of peers.entries()) {
      const { addresses } = await peer.until('listening');
      expect(addresses).toEqual([expect.stringMatching(`^/ip4/10.78.0.${index + 2}/tcp/`)]);
      expect(await peer.until('callers_decided')).toMatchObject({ because: 'join' });
    }
    for (const [index, peer] of peers.entries()) {
      await peer.until('transfer_completed');
      await sameBytes(join(dir, `${others[index]}-out`, 'content'), file);
    }
    await origin.end();
    expect(sentBytes(origin.events) / (4 * MIB)).toBeLessThan(2);
  });

  it('listen on the interface of each address that they join', async () => {
    const [here, left, right] = makeHosts('here', 'left', 'right') as [string, string, string];
    wire([here, 'one', '10.79.1.1/24'], [left, 'one', '10.79.1.2/24']);
    wire([here, 'two', 'fd00:79::1/64 nodad'], [right, 'two', 'fd00:79::2/64 nodad']);
    wire([here, 'three', '10.79.3.1/24'], [left, 'three', '10.79.3.2/24']);
    const dir = await scratch();
    const seeds = [
      peerOn(left, dir, '--listen', '/ip4/10.79.1.2/tcp/4001'),
      peerOn(right, dir, '--listen', '/ip6/fd00:79::2/tcp/4001'),
    ];
    const joins = await Promise.all(
      seeds.map(async (seed) => (await seed.until('listening')).addresses[0]!),
    );
    const { addresses } = await peerOn(here, dir, '--join', ...joins).until('listening');
    expect(addresses.map((address) => address.split('/')[2]).sort()).toEqual([
      '10.79.1.1',
      'fd00:79::1',
    ]);
    const kept = peerOn(here, dir, '--join', ...joins, '--listen', '/ip4/127.0.0.1/tcp/0');
    expect((await kept.until('listening')).addresses).toHaveLength(1);
    expect(await kept.until('callers_decided')).toMatchObject({ because: 'listen', hosts: [] });
  });

  it.each([
    ['10.79.1.1/24', '10.79.1.2/24', '/ip4/198.51.100.7/tcp/4001', '-4'],
    ['fd00:79::1/64 nodad', 'fd00:79::2/64 nodad', '/ip6/2001:db8::7/tcp/4001', '-6'],
  ])('keep to themselves without a route, until there is one (%s)', async (...given) => {
    const [address, other, target, family] = given;
    const [host, next] = makeHosts('offline', 'next') as [string, string];
    wire([host, 'one', address], [next, 'one', other]);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 1000);
    const peer = peerOn(host, dir, '--share', file, '--join', target);
    expect((await peer.until('listening')).addresses).toEqual([
      expect.stringMatching('^/ip4/127.0.0.1/tcp/'),
    ]);
    expect(await peer.until('callers_decided')).toMatchObject({ because: 'join', hosts: [] });
    ip(`${family} -n ${host} route add default dev one`);
    const [mine] = address.split('/');
    await peer.until('callers_decided', ({ hosts }) => hosts.join() === mine);
    expect(peer.events.filter(({ event }) => event === 'callers_decided')).toHaveLength(2);
    expect(countListening(host)).toBe(2);
  });

  it('find each other by --mdns alone', { timeout: 30_000 }, async () => {
    const hosts = makeLan(2);
    for (const host of hosts) ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), MIB);
    const seed = peerOn(hosts[0]!, dir, '--mdns', '--share', file);
    expect(await seed.until('callers_decided')).toMatchObject({
      because: 'mdns',
      hosts: ['10.78.0.1'],
    });
    const { cid } = await seed.until('file_shared');
    const out = join(dir, 'out');
    const getter = peerOn(hosts[1]!, dir, '--mdns', '--get', cid, '--out', out, '--linger', '0');
    expect(await getter.exit).toBe(0);
    await sameBytes(join(out, 'content'), file);
  });

  it('are told with --mdns that multicast needs a route', async () => {
    const [host] = makeLan(1) as [string];
    const told = async () => {
      const peer = peerOn(host, await scratch(), '--mdns');
      const event = await peer.until('peers_awaited', ({ lack }) => lack === 'lan');
      // Or the next one would find it.
      await peer.end();
      return event;
    };
    expect(await told()).toMatchObject({ reason: 'no route for multicast' });
    ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
    expect(await told()).toMatchObject({ reason: '' });
  });

  it('serve when another program has the port of mDNS, and say so', async () => {
    const [host] = makeLan(1) as [string];
    const dir = await scratch();
    const take = `require('dgram').createSocket('udp4').bind(5353, () => console.log('taken'))`;
    const taker = spawn('ip', ['netns', 'exec', host, process.execPath, '-e', take]);
    onTestFinished(() => void taker.kill());
    await once(taker.stdout, 'data');
    const file = await randomFile(join(dir, 'content'), 1000);
    const seed = peerOn(host, dir, '--mdns', '--share', file);
    await seed.until('file_shared');
    await seed.until('warned', ({ message }) => /--mdns: .*EADDRINUSE/.test(message));
    expect(await seed.end()).toBe(0);
  });

  it('follow an address that comes later and one that goes', { timeout: 30_000 }, async () => {
    const [host] = makeLan(1);
    const dir = await scratch();
    ip(`-n ${host} addr del 10.78.0.1/24 dev lan0`);
    const peer = peerOn(host!, dir, '--mdns');
    const before = await peer.until('callers_decided');
    expect(before).toMatchObject({ because: 'mdns', hosts: [] });
    ip(`-n ${host} addr add 10.78.0.7/24 dev lan0`);
    await peer.until('callers_decided', ({ hosts }) => hosts.includes('10.78.0.7'));
    ip(`-n ${host} addr del 10.78.0.7/24 dev lan0`);
    ip(`-n ${host} addr add 10.78.0.8/24 dev lan0`);
    await peer.until('callers_decided', ({ hosts }) => hosts.join() === '10.78.0.8');
  });
});
