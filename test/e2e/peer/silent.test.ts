// Connections that die without a word: a link that goes down, an address that changes
// under a peer, while bytes flow. Needs Linux, root, iproute2 and bridges; skipped without.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { inside, ip, makeLan, namespaces } from '../namespaces.ts';
import { MIB, untilVerified, verified } from '../swarm.ts';

const SWITCH = namespaces('ip link add switch0 type bridge');
/** TCP alone would be silent for 20 s more: its retransmissions are 25 s and 51 s after the first. */
const DOWN_MS = 30_000;

interface Pair {
  readonly hosts: string[];
  readonly seed: Running;
  readonly getter: Running;
}

/** A seed and who fetches from it, with bytes under way for a minute and more. */
async function fetching(): Promise<Pair> {
  const hosts = makeLan(2);
  const dir = await scratch();
  const file = await randomFile(join(dir, 'content'), 32 * MIB);
  const peerOn = (host: string, ...args: string[]): Running =>
    start(['peer', '--json', '--data', join(dir, host), ...args], {}, inside(host));
  const share = ['--share', file, '--uplink', '256KiB/s', '--chunk-size', '64KiB'];
  const seed = peerOn(hosts[0]!, ...share, '--listen', '/ip4/0.0.0.0/tcp/4001');
  const { peerId } = await seed.until('listening');
  const { cid } = await seed.until('file_shared');
  const get = ['--get', cid, '--out', join(dir, 'out')];
  const getter = peerOn(hosts[1]!, '--join', `/ip4/10.78.0.1/tcp/4001/p2p/${peerId}`, ...get);
  await untilVerified(getter, 8);
  return { hosts, seed, getter };
}

/** Until the next piece has come. TCP alone would send it on over the old connection. */
async function expectMadeAnew(getter: Running): Promise<void> {
  await untilVerified(getter, verified(getter).length + 1);
  expect(getter.events.filter(({ event }) => event === 'neighbour_left')).not.toEqual([]);
  expect(getter.events.filter(({ event }) => event === 'neighbour_joined').length).toBeGreaterThan(
    1,
  );
}

describe('a silent connection', needs(...SWITCH), () => {
  it('is made anew when a link comes back', { timeout: 90_000 }, async () => {
    const { hosts, getter } = await fetching();
    const lan = hosts[0]!.replace(/h1$/, 'lan');
    ip(`-n ${lan} link set port2 down`);
    await delay(DOWN_MS);
    ip(`-n ${lan} link set port2 up`);
    await expectMadeAnew(getter);
  });

  it('is made anew when the address of who fetches changes', { timeout: 60_000 }, async () => {
    const { hosts, getter } = await fetching();
    ip(`-n ${hosts[1]} addr del 10.78.0.2/24 dev lan0`);
    ip(`-n ${hosts[1]} addr add 10.78.0.77/24 dev lan0`);
    await expectMadeAnew(getter);
    await getter.until('listening', ({ addresses }) =>
      addresses.every((address) => address.startsWith('/ip4/10.78.0.77/')),
    );
  });

  it('is made anew when the address of the seed changes', { timeout: 60_000 }, async () => {
    const { hosts, getter } = await fetching();
    // Nobody knows where it is now: the seed has to call.
    ip(`-n ${hosts[0]} addr del 10.78.0.1/24 dev lan0`);
    ip(`-n ${hosts[0]} addr add 10.78.0.66/24 dev lan0`);
    await expectMadeAnew(getter);
  });
});
