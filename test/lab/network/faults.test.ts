// Lines that are cut and networks that are split under real TCP connections, and what
// the kernel counted. Needs Linux, root and iproute2; skipped without.
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeNetwork, type Network } from '../../../src/lab/network/network.ts';
import type { Host } from '../../../src/lab/network/wiring.ts';
import { needs } from '../../support/needs.ts';
import { LAB_NETWORK } from './lab-network.ts';
import { listen, send } from './traffic.ts';

const MIB = 2 ** 20;
const RATES = { uplinkBytesPerSecond: MIB, downlinkBytesPerSecond: 5 * MIB };
/** Long against what a connection that goes on needs for some bytes. */
const PAUSE_MS = 300;

function make(count: number): Network {
  const network = makeNetwork(Array(count).fill(RATES));
  onTestFinished(() => network.remove());
  return network;
}

const qdiscs = ({ namespace }: Host): string =>
  execFileSync('tc', ['-n', namespace, 'qdisc'], { encoding: 'utf8' });

const bridgeOf = (host: Host): Host => ({
  ...host,
  namespace: host.namespace.replace(/\d+$/, 'bridge'),
});

describe('a network', needs(...LAB_NETWORK), () => {
  it('whose line is cut lets nothing through either way, and goes on when healed', async () => {
    const network = make(3);
    const [one, two, three] = network.hosts as [Host, Host, Host];
    const [sink, other] = [await listen(two), await listen(one)];
    const queues = [qdiscs(bridgeOf(two)), qdiscs(two)];
    void send(one, two, Infinity);
    void send(two, one, Infinity);
    await Promise.all([sink.more(), other.more()]);
    network.cut([two]);
    network.cut([two]);
    const wire = network.wireBytes()[1];
    // What had come through is read.
    await delay(PAUSE_MS);
    const before = [await sink.bytes(), await other.bytes()];
    // The others go on.
    void send(three, one, 1000);
    await other.more();
    await delay(PAUSE_MS);
    expect(network.wireBytes()[1]).toEqual(wire);
    expect([await sink.bytes(), await other.bytes()]).toEqual([before[0], before[1]! + 1000]);
    network.heal([two]);
    network.heal([two]);
    await Promise.all([sink.more(), other.more()]);
    expect([qdiscs(bridgeOf(two)), qdiscs(two)]).toEqual(queues);
  });

  it('that is split goes on within each half, and across when joined', async () => {
    const network = make(4);
    const [one, two, three, four] = network.hosts as [Host, Host, Host, Host];
    const [across, within] = [await listen(three), await listen(four)];
    const queues = qdiscs(bridgeOf(three));
    void send(one, three, Infinity);
    void send(three, four, Infinity);
    await Promise.all([across.more(), within.more()]);
    const idleBytes = network.wireBytes()[1]!.receivedBytes;
    network.split([one, two], [three, four]);
    network.split([one, two], [three, four]);
    // What was queued at the hosts' ends of the lines still arrives.
    await delay(PAUSE_MS);
    const before = await across.bytes();
    await within.more();
    await delay(PAUSE_MS);
    expect(await across.bytes()).toBe(before);
    // What is sent across comes to nobody else.
    expect(network.wireBytes()[1]!.receivedBytes - idleBytes).toBeLessThan(3000);
    network.join();
    network.join();
    await Promise.all([across.more(), within.more()]);
    // With one that it never talked to before.
    expect(await send(two, four, 1000)).toBe(0);
    expect(qdiscs(bridgeOf(three))).toBe(queues);
  });

  it('counts what went over each line, within 10 % of what TCP needs', async () => {
    const network = make(3);
    const [one, two] = network.hosts as [Host, Host];
    const sink = await listen(two);
    const from = network.wireBytes();
    expect(await send(one, two, MIB)).toBe(0);
    while ((await sink.bytes()) < MIB);
    const to = network.wireBytes();
    const [ofOne, ofTwo, ofThree] = to.map(({ sentBytes, receivedBytes }, i) => ({
      sent: (sentBytes - from[i]!.sentBytes) / MIB,
      received: (receivedBytes - from[i]!.receivedBytes) / MIB,
    }));
    for (const share of [ofOne!.sent, ofTwo!.received]) {
      // Headers of full frames are 4.6 %; of what is lost, some is sent again.
      expect(share).toBeGreaterThan(1.03);
      expect(share).toBeLessThan(1.15);
    }
    for (const share of [ofOne!.received, ofTwo!.sent]) {
      expect(share).toBeGreaterThan(0.01);
      expect(share).toBeLessThan(0.1);
    }
    expect(ofThree!.sent + ofThree!.received).toBeLessThan(0.01);
  });

  it('has other rates when they are set, and none for Infinity', () => {
    const network = make(2);
    const [one, two] = network.hosts as [Host, Host];
    const unequal = { uplinkBytesPerSecond: MIB / 4, downlinkBytesPerSecond: Infinity };
    const before = qdiscs(two);
    network.setRates([one], unequal);
    network.setRates([one], unequal);
    // 256 KiB/s of payload, in bits with headers.
    expect(qdiscs(one)).toMatch(/tbf \S+ dev wan0 root .* rate 219\dKbit/);
    expect(qdiscs(bridgeOf(one))).toMatch(/noqueue \S+ dev port0 root/);
    expect(qdiscs(bridgeOf(one))).toMatch(/tbf \S+ dev port1 root .* rate 438\d\dKbit/);
    expect(qdiscs(two)).toBe(before);
    network.setRates(network.hosts, RATES);
    expect(qdiscs(one)).toMatch(/rate 877\dKbit/);
    expect(qdiscs(bridgeOf(one)).match(/rate 438\d\dKbit/g)).toHaveLength(2);
  });

  it('hands on one segment at a time when it is told to', needs('ethtool'), () => {
    const network = make(2);
    const [one, two] = network.hosts as [Host, Host];
    const states = ({ namespace }: Host, device: string): string[] =>
      execFileSync('ip', ['netns', 'exec', namespace, 'ethtool', '-k', device], {
        encoding: 'utf8',
      }).match(/(?<=(tcp|generic)-(segmentation|receive)-offload: )(on|off)/g)!;
    const made = states(one, 'wan0');
    expect(made.slice(0, 2)).toEqual(['on', 'on']);
    network.setOffloads([one], false);
    network.setOffloads([one], false);
    expect(states(one, 'wan0')).toEqual(['off', 'off', 'off']);
    expect(states(bridgeOf(one), 'port0')).toEqual(['off', 'off', 'off']);
    expect(states(two, 'wan0')).toEqual(made);
    network.setOffloads(network.hosts, true);
    expect(states(one, 'wan0').slice(0, 2)).toEqual(['on', 'on']);
  });

  it('that is removed says so to who would use it', () => {
    const network = make(1);
    network.remove();
    expect(() => network.cut(network.hosts)).toThrow(
      /^--link netns: a link cannot be cut \(Cannot open network namespace/,
    );
    expect(() => network.wireBytes()).toThrow(
      /^--link netns: bytes cannot be counted \(Cannot open network namespace/,
    );
  });
});
