// Peers that find one another on a LAN by multicast: two hosts in network namespaces
// of the test's own, since mDNS speaks on every interface that it finds. Needs Linux,
// root and iproute2; skipped without.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { randomFile, scratch, sha256, start } from '../binary.ts';
import { ip, makeHosts, namespaces, wire } from '../namespaces.ts';

/** Two hosts, 10.77.0.1 and 10.77.0.2, with a wire between them and nothing else. */
function makeLan(): string[] {
  const hosts = makeHosts('a', 'b');
  wire([hosts[0]!, 'lan0', '10.77.0.1/24'], [hosts[1]!, 'lan0', '10.77.0.2/24']);
  for (const host of hosts) ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
  return hosts;
}

describe('peer --mdns', needs(...namespaces()), () => {
  it('finds the one that shares the file, without an address', async () => {
    const hosts = makeLan();
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 2 ** 20);
    const peer = (host: number, ...args: string[]) => {
      const data = ['--data', join(dir, `data-${host}`)];
      const lan = ['--mdns', '--listen', '/ip4/0.0.0.0/tcp/0'];
      const inside = ['ip', 'netns', 'exec', hosts[host]!];
      return start(['peer', '--json', ...data, ...lan, ...args], {}, inside);
    };
    const { cid } = await peer(0, '--share', file).until('file_shared');
    const fetching = peer(1, '--get', cid, '--out', join(dir, 'out'), '--linger', '0');
    expect(await fetching.exit).toBe(0);
    expect(await sha256(join(dir, 'out', 'content'))).toBe(await sha256(file));
  });
});
