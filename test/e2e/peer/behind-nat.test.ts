// Two peers that nobody can call, each behind a router of its own, and a hub in the open that is the
// relay. Needs Linux, root, iproute2 and nftables; skipped without.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';
import { namespaces } from '../namespaces.ts';
import { type Mapping, makeFirewalls, makeNats, type Nats } from '../nats.ts';
import { MIB, sameBytes, untilVerified } from '../swarm.ts';

interface Homes {
  readonly nats: Nats;
  readonly hub: Running;
  readonly sharer: Running;
  readonly getter: Running;
  readonly files: readonly [string, string];
  readonly dir: string;
}

interface Choice {
  readonly bytes?: number;
  /** By default a hub. */
  readonly relay?: (nats: Nats, dir: string) => Running;
  readonly hub?: readonly string[];
  readonly sharer?: readonly string[];
}

const fetchBetween = (mappings: readonly [Mapping, Mapping], choice?: Choice): Promise<Homes> =>
  fetchThrough(makeNats(mappings), choice);

async function fetchThrough(
  nats: Nats,
  { bytes = 8 * MIB, relay, hub: hubArgs = [], sharer: sharerArgs = [] }: Choice = {},
): Promise<Homes> {
  const dir = await scratch();
  await mkdir(join(dir, 'root'));
  const file = await randomFile(join(dir, 'content'), bytes);
  const hub = relay ? relay(nats, dir) : startHub(nats, dir, hubArgs);
  const { addresses } = await hub.until('listening', ({ role }) => role === 'peer');
  const peerAt = (at: 0 | 1, ...args: string[]): Running => {
    const own = ['--json', '--data', join(dir, `home${at}`), '--join', addresses[0]!];
    return start(['peer', ...own, ...args], {}, nats.homes[at]);
  };
  const sharer = peerAt(0, '--share', file, '--chunk-size', '64KiB', ...sharerArgs);
  const { cid } = await sharer.until('file_shared');
  const { addresses: over } = await sharer.until('relay_reserved');
  const out = join(dir, 'out');
  // A relay that is no hub does not tell who shares.
  const way = relay ? ['--join', over[0]!] : [];
  const getter = peerAt(1, '--get', cid, '--out', out, ...way);
  return { nats, hub, sharer, getter, files: [file, join(out, 'content')], dir };
}

function startHub(nats: Nats, dir: string, args: readonly string[]): Running {
  const at = ['--host', nats.hubIp, '--port', '8080', '--json'];
  const swarm = ['--swarm', '--swarm-listen', `/${nats.family}/${nats.hubIp}/tcp/4001`];
  const data = ['--swarm-data', join(dir, 'hub')];
  return start(['server', join(dir, 'root'), ...at, ...swarm, ...data, ...args], {}, nats.hub);
}

/** A relay of js-libp2p as it comes, which lets 128 KiB pass. */
const stockRelay = ({ hub, hubIp }: Nats): Running =>
  start([hubIp], {}, hub, join(import.meta.dirname, 'stock-relay.mjs'));

/** Bytes that the relay carried between others, of each circuit that is over. */
const relayed = (hub: Running): number[] =>
  hub.events.flatMap((each) => (each.event === 'circuit_closed' ? [each.bytes] : []));

const sum = (all: readonly number[]): number => all.reduce((before, each) => before + each, 0);

const SUITE = needs('nft', 'sysctl', ...namespaces('nft list ruleset'));
const RANDOM = ['fully-random', 'fully-random'] as const;
const TIMEOUT = { timeout: 180_000 };

describe('peers behind routers', SUITE, () => {
  it('meet directly, need the relay no more, and it carried little', TIMEOUT, async () => {
    const slow = ['--uplink', '2MiB/s'];
    const homes = await fetchBetween(['persistent', 'persistent'], { sharer: slow });
    const { hub, sharer, getter } = homes;
    await sharer.until('path_relayed');
    await Promise.all([sharer.until('path_direct'), getter.until('path_direct')]);
    await hub.until('circuit_closed');
    await untilVerified(getter, 2);
    await hub.end('SIGKILL');
    await getter.until('transfer_completed');
    await sameBytes(...homes.files);
    expect(sum(relayed(hub))).toBeLessThan(4 * MIB);
  });

  it('meet directly through firewalls of IPv6, which translate nothing', TIMEOUT, async () => {
    const homes = await fetchThrough(makeFirewalls(), { sharer: ['--uplink', '2MiB/s'] });
    const { hub, sharer, getter } = homes;
    expect((await sharer.until('callers_tested')).callable).toBe(false);
    await Promise.all([sharer.until('path_direct'), getter.until('path_direct')]);
    await getter.until('transfer_completed');
    await sameBytes(...homes.files);
    await hub.until('circuit_closed');
    expect(sum(relayed(hub))).toBeLessThan(4 * MIB);
  });

  it(
    'meet directly where one router has a port for each destination, or not at all',
    TIMEOUT,
    async () => {
      const homes = await fetchBetween(['persistent', 'fully-random']);
      await homes.getter.until('transfer_completed');
      await sameBytes(...homes.files);
    },
  );

  it('meet directly over a relay that lets little pass and is no hub', TIMEOUT, async () => {
    const homes = await fetchBetween(['persistent', 'persistent'], { relay: stockRelay });
    const { sharer, getter } = homes;
    await Promise.all([sharer.until('path_direct'), getter.until('path_direct')]);
    await getter.until('transfer_completed');
    await sameBytes(...homes.files);
    // The first circuit sufficed to meet.
    expect(getter.events.filter(({ event }) => event === 'path_relayed')).toHaveLength(1);
  });

  it('go on over the relay where no direct way is, and say so', TIMEOUT, async () => {
    const homes = await fetchBetween(RANDOM);
    const { hub, sharer, getter } = homes;
    await Promise.all([sharer.until('path_stayed'), getter.until('path_stayed')]);
    expect((await sharer.until('callers_tested')).callable).toBe(false);
    await getter.until('transfer_completed');
    await sameBytes(...homes.files);
    await getter.end();
    await hub.until('circuit_closed');
    expect(sum(relayed(hub))).toBeGreaterThan(8 * MIB);
  });

  it('begin anew when the relay ends a circuit at its limit', TIMEOUT, async () => {
    const homes = await fetchBetween(RANDOM, { bytes: 4 * MIB, hub: ['--relay-limit', '1MiB'] });
    await homes.getter.until('transfer_completed');
    await sameBytes(...homes.files);
    const carried = relayed(homes.hub);
    expect(carried.length).toBeGreaterThan(2);
    // The bytes that pass the limit are counted, and not sent.
    expect(Math.max(...carried)).toBeLessThan(MIB + 256 * 1024 + 1);
  });

  it('wait for a relay that has vanished, and go on when it is back', TIMEOUT, async () => {
    const homes = await fetchBetween(RANDOM, { hub: ['--relay-rate', '1MiB/s'] });
    const { nats, hub, sharer, getter, dir } = homes;
    await untilVerified(getter, 8);
    await hub.end('SIGKILL');
    await Promise.all([sharer.until('relay_lost'), getter.until('relay_lost')]);
    const again = startHub(nats, dir, []);
    await getter.until('transfer_completed');
    await sameBytes(...homes.files);
    await again.until('circuit_opened');
    expect(again.events.filter(({ event }) => event === 'warned')).toEqual([]);
  });
});

describe('the options of relays', () => {
  it.each([
    [['--relay', '/ip4/192.0.2.7/tcp/4001'], "does not end with the relay's PeerId"],
    [['--relay', '192.0.2.7:4001'], 'is not a TCP multiaddr'],
    [['--relay-rate', '1MiB/s'], '--relay-rate does nothing without --be-relay'],
    [['--be-relay', '--relay-limit', 'much'], '--relay-limit'],
  ])('%j are refused in one line', async (args, said) => {
    const { code, stderr } = await run(['peer', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
