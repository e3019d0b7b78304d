import { expect, it } from 'vitest';
import { wireBytesIn } from '../../../src/lab/network/wire-bytes.ts';
import { planNetwork } from '../../../src/lab/network/wiring.ts';

it('what a port took its host sent, in the order of the hosts', () => {
  const rates = { uplinkBytesPerSecond: 1, downlinkBytesPerSecond: 1 };
  const { hosts } = planNetwork(42, [rates, rates]);
  const link = (ifname: string, rx: number, tx: number) => ({
    ...{ ifindex: 4, ifname, flags: ['UP'] },
    stats64: { rx: { bytes: rx, packets: 1 }, tx: { bytes: tx, packets: 1 } },
  });
  const listing = JSON.stringify([link('port1', 3, 4), link('port0', 1, 2), link('port9', 5, 6)]);
  expect(wireBytesIn(listing, hosts)).toEqual([
    { sentBytes: 1, receivedBytes: 2 },
    { sentBytes: 3, receivedBytes: 4 },
  ]);
});
