import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { DialBudget } from '../../../src/peer/node/dial-budget.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const PEERS = [
  '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  '12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu',
];

function setUp() {
  const clock = new VirtualClock();
  const budget = new DialBudget(clock);
  const begin = (place: string, peer = 0) => {
    try {
      return budget.begin(multiaddr(`${place}/p2p/${PEERS[peer % 2]}`));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_RATE' });
      return undefined;
    }
  };
  /** Makes a call that fails at once; returns whether it was made. */
  const fail = (place: string, peer = 0): boolean => {
    const end = begin(place, peer);
    end?.(false);
    return end !== undefined;
  };
  /** Calls every 100 ms for so long; returns how many were made. */
  const failFor = async (ms: number, place: (call: number) => string): Promise<number> => {
    let calls = 0;
    for (let i = 0; i < ms / 100; i++) {
      if (fail(place(i), i)) calls++;
      await clock.advance(100);
    }
    return calls;
  };
  return { clock, budget, begin, fail, failFor };
}

const VICTIM = '/ip4/192.0.2.7/tcp/2222';
const MINUTE_MS = 60_000;

describe('the dial budget', () => {
  it('leaves an address alone for longer each time, whatever PeerId it is named with', async () => {
    const { failFor } = setUp();
    // Three, then after 1, 2, 4 and 8 s.
    expect(await failFor(24_000, () => VICTIM)).toBe(7);
    // After 16 and 30 s.
    expect(await failFor(MINUTE_MS, () => VICTIM)).toBe(2);
    expect(await failFor(10 * MINUTE_MS, () => VICTIM)).toBe(20);
  });

  it('counts calls under way as failed', async () => {
    const { clock, begin } = setUp();
    const open = [0, 1, 0].map((peer) => begin(VICTIM, peer));
    expect(open).not.toContain(undefined);
    await clock.advance(10 * MINUTE_MS);
    expect(begin(VICTIM)).toBeUndefined();
    open[0]!(true);
    expect(begin(VICTIM)).toBeDefined();
  });

  it('knows an address in each of its spellings', () => {
    const { fail } = setUp();
    const spellings = [
      '/ip4/192.0.2.7/tcp/2222',
      '/ip6/::ffff:192.0.2.7/tcp/2222',
      '/ip6/::ffff:c000:207/tcp/2222',
      '/ip6/64:ff9b::192.0.2.7/tcp/2222',
    ];
    expect(spellings.map((each) => fail(each))).toEqual([true, true, true, false]);
  });

  it.each<[string, (call: number) => string]>([
    ['its ports', (call) => `/ip4/192.0.2.7/tcp/${1 + call}`],
    ['its network of IPv6', (call) => `/ip6/2001:db8:1:2::${(call + 1).toString(16)}/tcp/2222`],
  ])('bounds what fails at one host: %s', async (_, place) => {
    const { failFor, fail } = setUp();
    // 96, and two each second until the last call.
    expect(await failFor(24_000, place)).toBe(96 + 47);
    expect(fail('/ip4/192.0.2.8/tcp/2222')).toBe(true);
  });

  it('does not count calls that succeed: 64 peers behind one address, again and again', () => {
    const { begin } = setUp();
    for (let round = 0; round < 5; round++) {
      const calls = Array.from({ length: 64 }, (_, i) => begin(`/ip4/192.0.2.7/tcp/${4001 + i}`));
      expect(calls).not.toContain(undefined);
      for (const end of calls) end!(true);
    }
  });

  it('forgives an address once a peer answers there', async () => {
    const { clock, begin, fail } = setUp();
    for (let i = 0; i < 3; i++) fail(VICTIM);
    await clock.advance(1000);
    begin(VICTIM, 1)!(true);
    expect([fail(VICTIM), fail(VICTIM), fail(VICTIM), fail(VICTIM)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('exempts an address with its PeerId while it is called, and with no other', () => {
    const { budget, fail } = setUp();
    for (let i = 0; i < 3; i++) fail(VICTIM);
    const withdraw = budget.exempt([`${VICTIM}/p2p/${PEERS[1]}`]);
    const again = budget.exempt([`${VICTIM}/p2p/${PEERS[1]}`]);
    expect([fail(VICTIM, 1), fail(VICTIM, 1), fail(VICTIM, 0)]).toEqual([true, true, false]);
    withdraw();
    expect(fail(VICTIM, 1)).toBe(true);
    again();
    expect(fail(VICTIM, 1)).toBe(false);
  });

  it('remembers a bounded number of addresses', () => {
    const { fail } = setUp();
    for (let i = 0; i < 4; i++) fail(VICTIM);
    const others = (i: number): string => `/ip4/198.${i >> 16}.${(i >> 8) & 255}.${i & 255}/tcp/1`;
    for (let i = 0; i < 4095; i++) fail(others(i));
    expect(fail(VICTIM)).toBe(false);
    for (let i = 0; i < 4096; i++) fail(others(i));
    expect(fail(VICTIM)).toBe(true);
  });
});
