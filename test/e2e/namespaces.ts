// Hosts in network namespaces of a test's own, removed at its end. Needs Linux, root
// and iproute2.
import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { Condition } from '../support/needs.ts';

export function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { stdio: 'pipe', encoding: 'utf8' });
}

/** Needs of a test (support/needs.ts): `ip`, and that these commands work in a namespace. */
export function namespaces(...commands: readonly string[]): (string | Condition)[] {
  const name = ['namespaces', ...commands].join(', ');
  return ['ip', { name, holds: () => namespacesAllow(...commands) }];
}

/** Whether these commands of `ip` work in a namespace of their own. */
export function namespacesAllow(...commands: readonly string[]): boolean {
  const name = `hubswarm-${process.pid}-try`;
  try {
    ip(`netns add ${name}`);
  } catch {
    return false;
  }
  try {
    for (const command of commands) ip(`netns exec ${name} ${command}`);
    return true;
  } catch {
    return false;
  } finally {
    ip(`netns del ${name}`);
  }
}

/** New namespaces, their loopback up: `hubswarm-<pid>-<name>` for each name. */
export function makeHosts(...names: readonly string[]): string[] {
  const hosts = names.map((name) => `hubswarm-${process.pid}-${name}`);
  onTestFinished(() => {
    for (const host of hosts) ip(`netns del ${host}`);
  });
  for (const host of hosts) {
    ip(`netns add ${host}`);
    ip(`-n ${host} link set lo up`);
  }
  return hosts;
}

/** A wire: one end for each of the two hosts, `<device> <address>`, up. */
export function wire(one: readonly [string, string, string], other: typeof one): void {
  ip(`link add ${one[1]} netns ${one[0]} type veth peer name ${other[1]} netns ${other[0]}`);
  for (const [host, device, address] of [one, other]) {
    ip(`-n ${host} addr add ${address} dev ${device}`);
    ip(`-n ${host} link set ${device} up`);
  }
}

/** A LAN: the hosts 10.78.0.1, 10.78.0.2 and so on, device lan0, on one switch. */
export function makeLan(count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `h${index + 1}`);
  const [lan, ...hosts] = makeHosts('lan', ...names) as [string, ...string[]];
  ip(`-n ${lan} link add switch0 type bridge`);
  ip(`-n ${lan} link set switch0 up`);
  for (const [index, host] of hosts.entries()) {
    const port = `port${index + 1}`;
    ip(`link add lan0 netns ${host} type veth peer name ${port} netns ${lan}`);
    ip(`-n ${lan} link set ${port} master switch0 up`);
    ip(`-n ${host} addr add 10.78.0.${index + 1}/24 dev lan0`);
    ip(`-n ${host} link set lan0 up`);
  }
  return hosts;
}

/** What runs a command on that host. */
export const inside = (host: string): string[] => ['ip', 'netns', 'exec', host];
