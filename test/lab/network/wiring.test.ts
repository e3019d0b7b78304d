import { describe, expect, it } from 'vitest';
import {
  labOf,
  namespacesIn,
  PAYLOAD_SHARE,
  planNetwork,
} from '../../../src/lab/network/wiring.ts';

const RATES = { uplinkBytesPerSecond: 14_480, downlinkBytesPerSecond: 1_448_000 };

describe('the plan of a network', () => {
  const { hosts, commands } = planNetwork(42, [
    RATES,
    { ...RATES, uplinkBytesPerSecond: Number.POSITIVE_INFINITY },
  ]);

  it('is these commands, in this order', () => {
    const text = commands.flatMap(({ program, args, lines }) => [
      [program, ...args].join(' '),
      ...lines.map((line) => `  ${line}`),
    ]);
    const tbf = (rate: number, burst: number) =>
      `root tbf rate ${rate}bps burst ${burst} latency 100ms`;
    const inside = (host: number) => `hubswarm-lab-42-${host}`;
    expect(text).toEqual([
      'ip -batch -',
      '  netns add hubswarm-lab-42-bridge',
      '  netns add hubswarm-lab-42-0',
      '  netns add hubswarm-lab-42-1',
      'ip -n hubswarm-lab-42-bridge -batch -',
      '  link add bridge0 type bridge',
      '  link set bridge0 up',
      '  link add bridge1 type bridge',
      '  link set bridge1 up',
      'ip -batch -',
      `  link add wan0 address 02:00:0a:4d:00:01 netns ${inside(0)} type veth peer name port0 netns hubswarm-lab-42-bridge`,
      `  link add wan0 address 02:00:0a:4d:00:02 netns ${inside(1)} type veth peer name port1 netns hubswarm-lab-42-bridge`,
      'ip -n hubswarm-lab-42-bridge -batch -',
      '  link set port0 master bridge0',
      '  link set port0 type bridge_slave flood off learning off',
      '  link set port1 master bridge0',
      '  link set port1 type bridge_slave flood off learning off',
      'bridge -n hubswarm-lab-42-bridge -batch -',
      '  fdb replace 02:00:0a:4d:00:01 dev port0 master static',
      '  fdb replace 02:00:0a:4d:00:02 dev port1 master static',
      'ip -n hubswarm-lab-42-bridge -batch -',
      '  link set port0 up',
      '  link set port1 up',
      ...[0, 1].flatMap((i) => [
        `ip -n ${inside(i)} -batch -`,
        '  link set lo up',
        `  addr add 10.77.0.${i + 1}/24 dev wan0`,
        '  link set wan0 up',
        `  neigh add 10.77.0.${2 - i} lladdr 02:00:0a:4d:00:0${2 - i} dev wan0 nud permanent`,
        `tc -n ${inside(i)} -batch -`,
        `  qdisc replace dev wan0 ${i === 0 ? tbf(15_140, 3028) : 'root noqueue'}`,
        `ip netns exec ${inside(i)} sh -e`,
        '  echo reno > /proc/sys/net/ipv4/tcp_congestion_control',
        '  echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save',
        '  echo 4096 16384 65536 > /proc/sys/net/ipv4/tcp_wmem',
      ]),
      'tc -n hubswarm-lab-42-bridge -batch -',
      `  qdisc replace dev port0 ${tbf(1_514_000, 6056)}`,
      `  qdisc replace dev port1 ${tbf(1_514_000, 6056)}`,
    ]);
  });

  it('gives each host a namespace and an address of its own, up to 65', () => {
    expect(hosts[1]).toEqual({
      namespace: 'hubswarm-lab-42-1',
      address: '10.77.0.2',
      mac: '02:00:0a:4d:00:02',
      port: 'port1',
    });
    const many = planNetwork(42, Array(65).fill(RATES)).hosts;
    expect(new Set(many.map(({ address }) => address)).size).toBe(65);
    expect(many.at(-1)!.address).toBe('10.77.0.65');
  });

  it('is of at most 254 hosts', () => {
    expect(planNetwork(42, Array(254).fill(RATES)).hosts.at(-1)!.address).toBe('10.77.0.254');
    expect(() => planNetwork(42, Array(255).fill(RATES))).toThrow(
      /^--link netns: 255 hosts are not accepted; it makes up to 254$/,
    );
  });

  it('makes lines wider by the headers of a full segment, which are 4.4 %', () => {
    expect(PAYLOAD_SHARE).toBeCloseTo(0.956, 3);
  });
});

it.each([
  ['hubswarm-lab-42-0', 42],
  ['hubswarm-lab-42-bridge', 42],
  ['hubswarm-lab-42-probe', 42],
  ['hubswarm-lab-42-origin', undefined],
  ['hubswarm-42-0', undefined],
  ['my-hubswarm-lab-42-0', undefined],
  ['hubswarm-lab--1', undefined],
  ['', undefined],
])('the namespace %j is of lab %j', (name, lab) => {
  expect(labOf(name)).toBe(lab);
});

it('namespaces are listed with an id or without', () => {
  expect(namespacesIn('one (id: 3)\ntwo\n\n')).toEqual(['one', 'two']);
});
