import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../../src/lab/network/plan.ts';
import { planCut, planHeal, planRates, planSplit } from '../../../src/lab/network/plan-change.ts';

const RATES = { uplinkBytesPerSecond: 14_480, downlinkBytesPerSecond: Number.POSITIVE_INFINITY };
const { hosts, bridge } = planNetwork(42, Array(4).fill(RATES));
const [one, two, three] = hosts as [(typeof hosts)[0], (typeof hosts)[0], (typeof hosts)[0]];

describe('a change of a network', () => {
  it.each([
    ['a cut', planCut(bridge, [two, three]), ['link set port1 down', 'link set port2 down']],
    ['a healing', planHeal(bridge, [two]), ['link set port1 up']],
    [
      'a split',
      planSplit(bridge, [[one, three], [two]]),
      [
        'link set port0 master bridge0',
        'link set port2 master bridge0',
        'link set port1 master bridge1',
      ],
    ],
  ])('is one call of ip for all hosts of %s', (_, { program, args, lines }, expected) => {
    expect([program, ...args].join(' ')).toBe('ip -n hubswarm-lab-42-bridge -batch -');
    expect(lines).toEqual(expected);
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
