// Two homes, each behind a router that lets no stranger in, and a public host, in network namespaces:
// addresses look public, and no packet leaves the machine. Needs Linux, root, iproute2 and nftables.
import { execFileSync } from 'node:child_process';
import { inside, ip, makeHosts, wire } from './namespaces.ts';

/**
 * What address outside a port of a home gets (RFC 4787): the same for all destinations, or one for each. The
 * words are those of nft's masquerade.
 */
export type Mapping = 'persistent' | 'fully-random';

export interface Nats {
  /** Runs a command at the public host. */
  readonly hub: string[];
  /** Its IP address, without brackets. */
  readonly hubIp: string;
  /** How multiaddrs name the family. */
  readonly family: 'ip4' | 'ip6';
  readonly homes: readonly [string[], string[]];
}

/** Addresses of one family. The far end of a network has the last one, which routes. */
interface Plan {
  readonly family: Nats['family'];
  readonly prefix: number;
  readonly hub: readonly [own: string, far: string];
  readonly wans: readonly (readonly [own: string, far: string])[];
  readonly lans: readonly (readonly [own: string, far: string])[];
  /** Has a host forward. */
  readonly forwarding: string;
}

const NAT: Plan = {
  family: 'ip4',
  prefix: 24,
  hub: ['192.0.2.10', '192.0.2.254'],
  wans: [
    ['203.0.113.1', '203.0.113.254'],
    ['198.51.100.1', '198.51.100.254'],
  ],
  lans: [
    ['192.168.1.2', '192.168.1.1'],
    ['192.168.2.2', '192.168.2.1'],
  ],
  forwarding: 'net.ipv4.ip_forward=1',
};

const FIREWALL: Plan = {
  family: 'ip6',
  prefix: 64,
  hub: ['2001:db8:a::10', '2001:db8:a::254'],
  wans: [
    ['2001:db8:b1::1', '2001:db8:b1::254'],
    ['2001:db8:b2::1', '2001:db8:b2::254'],
  ],
  lans: [
    ['2001:db8:c1::2', '2001:db8:c1::1'],
    ['2001:db8:c2::2', '2001:db8:c2::1'],
  ],
  forwarding: 'net.ipv6.conf.all.forwarding=1',
};

/** Routers that translate: their addresses outside are 203.0.113.1 and 198.51.100.1. */
export const makeNats = (mappings: readonly [Mapping, Mapping]): Nats =>
  make(NAT, (at) => `${translates(mappings[at])}${dropsStrangers('ip')}`);

/** Routers of IPv6, which translate nothing. */
export const makeFirewalls = (): Nats => make(FIREWALL, () => dropsStrangers('ip6'));

function make(plan: Plan, rulesOf: (at: 0 | 1) => string): Nats {
  const names = ['net', 'hub', 'router1', 'router2', 'home1', 'home2'] as const;
  const [net, hub, ...rest] = makeHosts(...names) as [string, string, ...string[]];
  for (const host of [net, hub, ...rest]) withoutWait(host);
  const at = (address: string): string => `${address}/${plan.prefix}`;
  const routeBy = (host: string, via: string): void => {
    ip(`-n ${host} route add default via ${via}`);
  };
  wire([net, 'hub0', at(plan.hub[1])], [hub, 'eth0', at(plan.hub[0])]);
  routeBy(hub, plan.hub[1]);
  forward(net, plan);
  const homes = ([0, 1] as const).map((which) => {
    const [router, home] = [rest[which]!, rest[which + 2]!];
    const [[wan, far], [own, lan]] = [plan.wans[which]!, plan.lans[which]!];
    wire([net, `wan${which}`, at(far)], [router, 'wan', at(wan)]);
    wire([router, 'lan', at(lan)], [home, 'eth0', at(own)]);
    routeBy(router, far);
    routeBy(home, lan);
    if (plan === FIREWALL) ip(`-n ${net} route add ${own.replace(/2$/, '')}/64 via ${wan}`);
    forward(router, plan);
    run(router, ['nft', '-f', '-'], rulesOf(which));
    return inside(home);
  }) as [string[], string[]];
  return { hub: inside(hub), hubIp: plan.hub[0], family: plan.family, homes };
}

const translates = (mapping: Mapping): string => `
  table ip nat {
    chain out {
      type nat hook postrouting priority srcnat
      oifname "wan" masquerade ${mapping}
    }
  }
`;

/** ICMPv6 passes at the router itself, which must find its neighbours. */
const dropsStrangers = (family: 'ip' | 'ip6'): string => `
  table ${family} strangers {
    chain here {
      type filter hook input priority 0
      iifname "wan" ct state established,related accept
      ${family === 'ip6' ? 'iifname "wan" meta l4proto ipv6-icmp accept' : ''}
      iifname "wan" drop
    }
    chain through {
      type filter hook forward priority 0
      iifname "wan" ct state established,related accept
      iifname "wan" drop
    }
  }
`;

/** An IPv6 address is tried for duplicates before it may be used; here are none. */
const withoutWait = (host: string): void => {
  const off = ['all', 'default'].map((each) => `net.ipv6.conf.${each}.accept_dad=0`);
  run(host, ['sysctl', '-qw', ...off]);
};

const forward = (host: string, { forwarding }: Plan): void =>
  run(host, ['sysctl', '-qw', forwarding]);

function run(host: string, command: readonly string[], input = ''): void {
  const [program, ...args] = [...inside(host), ...command] as [string, ...string[]];
  execFileSync(program, args, { input, stdio: 'pipe' });
}
