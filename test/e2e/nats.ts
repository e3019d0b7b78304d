// Two homes, each behind a router that translates addresses, and a public host, in network namespaces:
// addresses look public, and no packet leaves the machine. Needs Linux, root, iproute2 and nftables.
import { execFileSync } from 'node:child_process';
import { inside, ip, makeHosts, wire } from './namespaces.ts';

/**
 * What address outside a port of a home gets (RFC 4787): the same for all destinations, or one for each. The
 * words are those of nft's masquerade.
 */
export type Mapping = 'persistent' | 'fully-random';

export interface Nats {
  /** Runs a command at the public host, 192.0.2.10. */
  readonly hub: string[];
  readonly homes: readonly [string[], string[]];
}

const HUB = '192.0.2.10';
const WANS = ['203.0.113', '198.51.100'] as const;

/** Its addresses outside are 203.0.113.1 and 198.51.100.1; strangers' packets are dropped, as at home. */
export function makeNats(mappings: readonly [Mapping, Mapping]): Nats {
  const names = ['net', 'hub', 'router1', 'router2', 'home1', 'home2'] as const;
  const [net, hub, ...rest] = makeHosts(...names) as [string, string, ...string[]];
  wire([net, 'hub0', '192.0.2.254/24'], [hub, 'eth0', `${HUB}/24`]);
  ip(`-n ${hub} route add default via 192.0.2.254`);
  forward(net);
  const homes = mappings.map((mapping, at) => {
    const [router, home] = [rest[at]!, rest[at + 2]!];
    const lan = `192.168.${at + 1}`;
    wire([net, `wan${at}`, `${WANS[at]}.254/24`], [router, 'wan', `${WANS[at]}.1/24`]);
    wire([router, 'lan', `${lan}.1/24`], [home, 'eth0', `${lan}.2/24`]);
    ip(`-n ${router} route add default via ${WANS[at]}.254`);
    ip(`-n ${home} route add default via ${lan}.1`);
    forward(router);
    run(router, ['nft', '-f', '-'], rulesOf(mapping));
    return inside(home);
  }) as [string[], string[]];
  return { hub: inside(hub), homes };
}

const rulesOf = (mapping: Mapping): string => `
  table ip nat {
    chain out {
      type nat hook postrouting priority srcnat
      oifname "wan" masquerade ${mapping}
    }
  }
  table ip strangers {
    chain here {
      type filter hook input priority 0
      iifname "wan" ct state established,related accept
      iifname "wan" drop
    }
    chain through {
      type filter hook forward priority 0
      iifname "wan" ct state established,related accept
      iifname "wan" drop
    }
  }
`;

const forward = (host: string): void => run(host, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);

function run(host: string, command: readonly string[], input = ''): void {
  const [program, ...args] = [...inside(host), ...command] as [string, ...string[]];
  execFileSync(program, args, { input, stdio: 'pipe' });
}
