// Hosts made by the kernel, and that nothing of them is left. Needs Linux, root and
// iproute2; skipped without.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeNetwork, type Network } from '../../../src/lab/network/network.ts';
import { namespacesIn } from '../../../src/lab/network/wiring.ts';
import { needs } from '../../support/needs.ts';
import { LAB_NETWORK } from './lab-network.ts';

const MIB = 2 ** 20;
const RATES = { uplinkBytesPerSecond: MIB, downlinkBytesPerSecond: 5 * MIB };

const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const labs = (): string[] =>
  namespacesIn(ip('netns', 'list')).filter((name) => name.startsWith('hubswarm-lab-'));

function make(count: number): Network {
  const network = makeNetwork(Array(count).fill(RATES));
  onTestFinished(() => network.remove());
  return network;
}

describe('a network', needs(...LAB_NETWORK), () => {
  it('has a limit both ways on each host, and leaves nothing of it', () => {
    const links = ip('-o', 'link');
    const network = make(2);
    const [one, other] = network.hosts;
    for (const { namespace, address } of [one!, other!]) {
      expect(ip('-n', namespace, '-o', 'addr')).toContain(`inet ${address}/24`);
      // 1 MiB/s of payload, in bits with headers.
      expect(ip('netns', 'exec', namespace, 'tc', 'qdisc')).toMatch(/wan0 root .* rate 877\dKbit/);
    }
    const bridge = one!.namespace.replace(/-0$/, '-bridge');
    expect(
      ip('netns', 'exec', bridge, 'tc', 'qdisc').match(/tbf .* rate 438\d\dKbit/g),
    ).toHaveLength(2);
    expect(ip('-o', 'link')).toBe(links);
    network.remove();
    expect(labs().filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
    network.remove();
  });

  it('of a lab that is gone is removed by the next, with the processes inside', async () => {
    // Alive until all is there: other tests' labs look for what is left, too.
    const lab = spawn('sleep', ['60']);
    await once(lab, 'spawn');
    const left = [`hubswarm-lab-${lab.pid}-0`, `hubswarm-lab-${lab.pid}-bridge`];
    for (const name of left) ip('netns', 'add', name);
    const inside = spawn('ip', ['netns', 'exec', left[0]!, 'sleep', '60']);
    onTestFinished(() => void inside.kill('SIGKILL'));
    const ended = once(inside, 'exit');
    while (!ip('netns', 'pids', left[0]!).trim()) await new Promise(setImmediate);
    lab.kill('SIGKILL');
    await once(lab, 'exit');
    make(1);
    expect(labs().filter((name) => left.includes(name))).toEqual([]);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('of a lab that lives stays', async () => {
    const other = spawn('sleep', ['60']);
    await once(other, 'spawn');
    const name = `hubswarm-lab-${other.pid}-0`;
    ip('netns', 'add', name);
    onTestFinished(() => {
      ip('netns', 'del', name);
      other.kill('SIGKILL');
    });
    make(1).remove();
    expect(labs()).toContain(name);
  });
});

it('says in one line what is missing', () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  onTestFinished(() => {
    process.env.PATH = path;
  });
  expect(() => makeNetwork([RATES])).toThrow(
    process.platform === 'linux'
      ? /^--link netns: network namespaces cannot be made \(there is no program 'ip'\); it needs Linux, root, [^\n]*$/
      : /^--link netns: this is \w+; it needs Linux[^\n]*$/,
  );
});
