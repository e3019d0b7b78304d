import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../../src/lab/network/wiring.ts';
import {
  planCut,
  planHeal,
  planJoin,
  planOffloads,
  planRates,
  planSplit,
} from '../../../src/lab/network/wiring-change.ts';

const RATES = { uplinkBytesPerSecond: 14_480, downlinkBytesPerSecond: Number.POSITIVE_INFINITY };
const { hosts, bridge } = planNetwork(42, Array(4).fill(RATES));
const [one, two, three] = hosts as [(typeof hosts)[0], (typeof hosts)[0], (typeof hosts)[0]];

describe('a change of a network', () => {
  it.each([
    ['a cut', planCut(bridge, [two, three]), ['link set port1 down', 'link set port2 down']],
    ['a healing', planHeal(bridge, [two]), ['link set port1 up']],
  ])('is one call of ip for all hosts of %s', (_, { program, args, lines }, expected) => {
    expect([program, ...args].join(' ')).toBe('ip -n hubswarm-lab-42-bridge -batch -');
    expect(lines).toEqual(expected);
  });

  it('is two calls for a split and for joining it again', () => {
    const texts = (commands: ReturnType<typeof planSplit>) =>
      commands.map(({ program, lines }) => [program, ...lines]);
    const wired = (port: number, bridgeDevice: number): string[] => [
      `link set port${port} master bridge${bridgeDevice}`,
      `link set port${port} type bridge_slave flood off learning off`,
    ];
    const known = (port: number): string =>
      `fdb replace 02:00:0a:4d:00:0${port + 1} dev port${port} master static`;
    expect(texts(planSplit(bridge, [one, three], [two]))).toEqual([
      ['ip', ...wired(0, 0), ...wired(2, 0), ...wired(1, 1)],
      ['bridge', ...[0, 2, 1].map(known)],
    ]);
    expect(texts(planJoin(bridge, [one, two]))).toEqual([
      ['ip', ...wired(0, 0), ...wired(1, 0)],
      ['bridge', ...[0, 1].map(known)],
    ]);
  });

  it('is a call in each namespace for segmentation offloads', () => {
    const commands = planOffloads(bridge, [one, two], false);
    expect(commands.map(({ args, lines }) => [args[2], ...lines])).toEqual([
      ['hubswarm-lab-42-0', 'ethtool -K wan0 tso off gso off gro off'],
      ['hubswarm-lab-42-1', 'ethtool -K wan0 tso off gso off gro off'],
      [bridge, ...[0, 1].map((i) => `ethtool -K port${i} tso off gso off gro off`)],
    ]);
  });

  it('is two calls for the rates of several hosts', () => {
    expect(planRates(bridge, [one, two], RATES).map(({ lines }) => lines)).toEqual([
      [0, 1].map(
        (i) =>
          `tc -n hubswarm-lab-42-${i} qdisc replace dev wan0 root tbf rate 15140bps burst 3028 latency 100ms`,
      ),
      ['qdisc replace dev port0 root noqueue', 'qdisc replace dev port1 root noqueue'],
    ]);
  });
});
