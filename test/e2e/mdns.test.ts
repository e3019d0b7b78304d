// Peers that find one another on a LAN by multicast: two hosts in network namespaces
// of the test's own, since mDNS speaks on every interface that it finds. Needs Linux,
// root and iproute2; skipped without.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomFile, scratch, sha256, start } from './binary.ts';

const HOSTS = ['a', 'b'].map((name) => `hubswarm-${process.pid}-${name}`);

function ip(command: string): void {
  execFileSync('ip', command.split(' '), { stdio: 'pipe' });
}

function mayMakeNamespaces(): boolean {
  try {
    ip(`netns add ${HOSTS[0]}-try`);
    ip(`netns del ${HOSTS[0]}-try`);
    return true;
  } catch {
    return false;
  }
}

/** Two hosts, 10.77.0.1 and 10.77.0.2, with a wire between them and nothing else. */
function makeLan(): void {
  onTestFinished(() => {
    for (const host of HOSTS) ip(`netns del ${host}`);
  });
  for (const host of HOSTS) ip(`netns add ${host}`);
  ip(`link add lan0 netns ${HOSTS[0]} type veth peer name lan0 netns ${HOSTS[1]}`);
  for (const [i, host] of HOSTS.entries()) {
    ip(`-n ${host} addr add 10.77.0.${i + 1}/24 dev lan0`);
    for (const device of ['lo', 'lan0']) ip(`-n ${host} link set ${device} up`);
    ip(`-n ${host} route add 224.0.0.0/4 dev lan0`);
  }
}

describe.skipIf(!mayMakeNamespaces())('peer --mdns (needs root, ip and namespaces)', () => {
  it('finds the one that shares the file, without an address', async () => {
    makeLan();
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 2 ** 20);
    const peer = (host: number, ...args: string[]) => {
      const data = ['--data', join(dir, `data-${host}`)];
      const lan = ['--mdns', '--listen', '/ip4/0.0.0.0/tcp/0'];
      const inside = ['ip', 'netns', 'exec', HOSTS[host]!];
      return start(['peer', '--json', ...data, ...lan, ...args], {}, inside);
    };
    const { cid } = await peer(0, '--share', file).until('file_shared');
    const fetching = peer(1, '--get', cid, '--out', join(dir, 'out'), '--linger', '0');
    expect(await fetching.exit).toBe(0);
    expect(await sha256(join(dir, 'out', 'content'))).toBe(await sha256(file));
  });
});
