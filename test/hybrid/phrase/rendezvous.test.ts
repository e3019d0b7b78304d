import { expect, test } from 'vitest';
import { Rendezvous } from '../../../src/hybrid/phrase/rendezvous.ts';
import { MemoryWire } from '../../swarm/memory-wire.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

class Caller {
  readonly wire: MemoryWire;
  heard = Buffer.alloc(0);

  constructor(rendezvous: Rendezvous, peer: string) {
    const [near, far] = MemoryWire.pair(peer, 'keeper');
    this.wire = near;
    near.onData((chunk) => {
      this.heard = Buffer.concat([this.heard, chunk]);
    });
    rendezvous.answer(far);
  }

  async say(kind: number, number: number): Promise<this> {
    this.wire.send([Buffer.of(kind, number >> 8, number & 255)]);
    await new Promise((resolve) => setImmediate(resolve));
    return this;
  }
}

const KEEP = 1;
const ASK = 2;

function open() {
  const clock = new VirtualClock();
  const addressesOf = async (peer: string): Promise<string[]> =>
    peer === 'unknown'
      ? []
      : Array.from({ length: 20 }, (_, i) => `/ip4/192.0.2.${i}/tcp/1/p2p/${peer}`);
  const rendezvous = new Rendezvous(clock, addressesOf);
  const call = (peer: string): Caller => new Caller(rendezvous, peer);
  return { clock, call };
}

test('tells where the sender of a number is, by two addresses', async () => {
  const { call } = open();
  expect((await call('ann').say(KEEP, 700)).heard).toEqual(Buffer.of(1));
  const { heard, wire } = await call('bob').say(ASK, 700);
  expect(heard[0]).toBe(1);
  expect(heard.readUInt16BE(1)).toBe(heard.length - 3);
  const addresses = JSON.parse(heard.subarray(3).toString()) as string[];
  expect(addresses).toHaveLength(2);
  expect(addresses[0]).toBe('/ip4/192.0.2.0/tcp/1/p2p/ann');
  expect(wire.end).toBeDefined();
});

test('knows nobody for another number, for a sender without an address, and after the sender left', async () => {
  const { call } = open();
  const ann = await call('ann').say(KEEP, 7);
  await call('unknown').say(KEEP, 9);
  for (const number of [8, 9])
    expect((await call('bob').say(ASK, number)).heard).toEqual(Buffer.of(0));
  ann.wire.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect((await call('bob').say(ASK, 7)).heard).toEqual(Buffer.of(0));
  expect((await call('eve').say(KEEP, 7)).heard).toEqual(Buffer.of(1));
});

test('keeps a number for several senders, and few numbers of each', async () => {
  const { call } = open();
  await call('ann').say(KEEP, 7);
  expect((await call('bob').say(KEEP, 7)).heard).toEqual(Buffer.of(1));
  const { heard } = await call('carl').say(ASK, 7);
  const addresses = JSON.parse(heard.subarray(3).toString()) as string[];
  expect(addresses.map((each) => each.split('/').at(-1))).toEqual(['ann', 'ann', 'bob', 'bob']);
  for (let i = 0; i < 4; i++)
    expect((await call('eve').say(KEEP, 10 + i)).heard).toEqual(Buffer.of(1));
  expect((await call('eve').say(KEEP, 20)).heard).toEqual(Buffer.of(0));
});

test('a sender that calls again takes its own place', async () => {
  const { call } = open();
  const before = await call('ann').say(KEEP, 7);
  for (let i = 0; i < 9; i++) expect((await call('ann').say(KEEP, 7)).heard).toEqual(Buffer.of(1));
  expect(before.wire.end).toBeDefined();
  expect((await call('carl').say(ASK, 7)).heard[0]).toBe(1);
});

test('does not let numbers be tried through', async () => {
  const { clock, call } = open();
  for (let i = 0; i < 64; i++) expect((await call('eve').say(ASK, i)).heard).toHaveLength(1);
  expect((await call('eve').say(ASK, 64)).wire.end).toBe('reset');
  await clock.advance(100);
  expect((await call('bob').say(ASK, 64)).heard).toHaveLength(1);
});

test.each([
  ['another request', Buffer.of(3, 0, 7)],
  ['more than a request can be', Buffer.alloc(10_000)],
])('cuts %s', async (_, bytes) => {
  const { call } = open();
  const { wire } = call('eve');
  wire.send([bytes]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(wire.end).toBe('reset');
});

test('cuts who says nothing', async () => {
  const { clock, call } = open();
  const { wire } = call('eve');
  await clock.advance(5000);
  expect(wire.end).toBe('reset');
});
