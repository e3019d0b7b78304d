// Whom an attacker calls, how often, and whom never: on a clock that the test advances.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CallList } from '../../src/attack/call-list.ts';

const PEERS = [
  '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  '12D3KooWHdiAxVd8uMQR1hGWXccidmfCwLqcMpGwR6QcTP6QRMuD',
  '12D3KooWQF6Q3i1QkziJQ9mkNNcyFD8GPQz6R6oEvT75wgsVXm4v',
] as const;
const SELF = '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X';

const at = (peer: string, host = '127.0.0.1', port = 4001): string =>
  `/ip4/${host}/tcp/${port}/p2p/${peer}`;

let list: CallList;
let calls: { peer: string; addresses: string[]; at: number }[];
const onLine = new Set<string>();

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  onLine.clear();
  list = new CallList({
    self: SELF,
    isOnLine: (peer) => onLine.has(peer),
    call: (peer, addresses) => {
      calls.push({ peer, addresses: addresses.map(String), at: performance.now() });
      return Promise.reject(new Error('banned'));
    },
  });
});

afterEach(() => {
  list.close();
  vi.useRealTimers();
});

it('never gives up, at four calls a second and one to each peer', async () => {
  list.hear(PEERS.map((peer) => at(peer)));
  await vi.advanceTimersByTimeAsync(60_000);
  for (const peer of PEERS) {
    const times = calls.filter((call) => call.peer === peer).map((call) => call.at);
    expect(times.length).toBeGreaterThan(40);
    for (let i = 1; i < times.length; i++)
      expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(1000);
  }
  // However many there are: fewer than a peer takes for a flood, 64 in 10 s.
  for (let i = 1; i < calls.length; i++) {
    expect(calls[i]!.at - calls[i - 1]!.at).toBeGreaterThanOrEqual(250);
  }
});

it('calls at every address that it heard of, four at the most, and not who is on the line', async () => {
  for (let port = 1; port <= 9; port++) list.hear([at(PEERS[0], '127.0.0.1', port % 6)]);
  list.hear([at(PEERS[1])]);
  onLine.add(PEERS[1]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(calls.map(({ peer }) => peer)).toEqual([PEERS[0]]);
  expect(calls[0]!.addresses).toEqual([1, 2, 3, 4].map((port) => at(PEERS[0], '127.0.0.1', port)));
});

it('calls neither itself nor who is not on its own ground, or nobody', async () => {
  list.hear([at(SELF), at(PEERS[0], '8.8.8.8'), '/ip4/127.0.0.1/tcp/4001', 'nonsense']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(calls).toEqual([]);
});

it('calls nobody any more once closed', async () => {
  list.hear([at(PEERS[0])]);
  list.close();
  await vi.advanceTimersByTimeAsync(2000);
  expect(calls).toEqual([]);
});
