// Swarms as another program has them: wires in memory, on a virtual clock.
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/exchange/wire/codec.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { cidBytes, createMemoryStore, importFile } from '../../src/library/content.ts';
import { type Event, type Network, Swarms, type SwarmsOptions } from '../../src/library/swarm.ts';
import { MemoryWire } from '../swarm/memory-wire.ts';
import { VirtualClock } from '../swarm/virtual-clock.ts';

const BYTES = new Uint8Array(8 * 16_384).map((_, at) => at + at / 16_384);
const { manifest } = await importFile([BYTES], { length: BYTES.length, pieceLength: 16_384 });
const FROM_SEED = { peers: [{ peer: 'seed', addresses: [] }] };

/** Peers that can call each other by name. */
class Party {
  readonly clock = new VirtualClock();
  readonly events: Event[] = [];
  readonly #peers = new Map<string, Swarms>();

  join(self: string, options: Partial<SwarmsOptions> = {}, more: Partial<Network> = {}): Swarms {
    const call: Network['call'] = async (peer) => {
      const [mine, theirs] = MemoryWire.pair(self, peer);
      this.#peers.get(peer)!.answer(theirs);
      return mine;
    };
    const { clock } = this;
    const onEvent = (event: Event): void => void this.events.push(event);
    const swarms = new Swarms({
      clock,
      seed: 1,
      onEvent,
      ...options,
      network: { self, call, ...more },
    });
    this.#peers.set(self, swarms);
    return swarms;
  }
}

/** Advances the clock until the promise is settled. */
async function settled<T>(
  clock: VirtualClock,
  promise: Promise<T>,
): Promise<PromiseSettledResult<T>> {
  let isSettled = false;
  const over = Promise.allSettled([promise]).then(([result]) => {
    isSettled = true;
    return result;
  });
  await clock.advanceUntil(() => isSettled);
  return over;
}

describe('a download', () => {
  it('takes as long as the caps allow, and is served on', async () => {
    const party = new Party();
    const store = createMemoryStore(manifest);
    party
      .join('seed', { caps: { uplinkBytesPerSecond: BYTES.length / 4 } })
      .share(manifest, createMemoryStore(manifest, BYTES));
    const receiver = party.join('receiver');
    await settled(party.clock, receiver.download(manifest, store, FROM_SEED));
    expect(store.bytes).toEqual(BYTES);
    expect(party.clock.now()).toBeGreaterThan(3000);
    expect(party.clock.now()).toBeLessThan(6000);

    const third = createMemoryStore(manifest);
    const peers = [{ peer: 'receiver', addresses: [] }];
    await settled(party.clock, party.join('third').download(manifest, third, { peers }));
    expect(third.have.isFull).toBe(true);
  });

  it('goes faster when the cap is lifted', async () => {
    const party = new Party();
    const seed = party.join('seed', { caps: { uplinkBytesPerSecond: 1024 } });
    seed.share(manifest, createMemoryStore(manifest, BYTES));
    const store = createMemoryStore(manifest);
    const download = party.join('receiver').download(manifest, store, FROM_SEED);
    await party.clock.advance(5000);
    seed.limit({ uplinkBytesPerSecond: Number.POSITIVE_INFINITY });
    await settled(party.clock, download);
    expect(store.have.isFull).toBe(true);
    expect(party.clock.now()).toBeLessThan(20_000);
  });

  it('gives up when nobody has it, and takes no part any more', async () => {
    const party = new Party();
    const receiver = party.join('receiver');
    const store = createMemoryStore(manifest);
    const result = await settled(
      party.clock,
      receiver.download(manifest, store, { timeoutMs: 3000 }),
    );
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_TIMEOUT' } });
    expect(receiver.standingOf(digestOf())).toBe('none');
    // Longer than the last look for peers.
    await party.clock.advance(2000);
    expect(party.clock.isIdle).toBe(true);
  });

  it('hears of more peers while there are few', async () => {
    const party = new Party();
    party.join('seed').share(manifest, createMemoryStore(manifest, BYTES));
    const store = createMemoryStore(manifest);
    const findPeers = async function* () {
      yield* FROM_SEED.peers;
    };
    await settled(party.clock, party.join('receiver').download(manifest, store, { findPeers }));
    expect(store.have.isFull).toBe(true);
  });
});

const digestOf = (): Uint8Array => cidBytes(manifest.cid).subarray(-32);

it('says how much of a file is here', () => {
  const peer = new Party().join('peer');
  expect(peer.standingOf(digestOf())).toBe('none');
  peer.share(manifest, createMemoryStore(manifest));
  expect(peer.standingOf(digestOf())).toBe('part');
  peer.share(manifest, createMemoryStore(manifest, BYTES));
  expect(peer.standingOf(digestOf())).toBe('whole');
  peer.leave(manifest.cid);
  expect(peer.standingOf(digestOf())).toBe('none');
});

it('bans a remote that breaks a rule, and hangs up on what is not shared', () => {
  const party = new Party();
  const peer = party.join('peer');
  const calls = (bytes: Uint8Array): MemoryWire => {
    const [theirs, mine] = MemoryWire.pair('stranger', 'peer');
    peer.answer(mine);
    theirs.send([bytes]);
    return mine;
  };
  const hello: Message = {
    type: 'hello',
    file: cidBytes(manifest.cid),
    pieceCount: 8,
    addresses: [],
    bitfield: new Uint8Array(1),
  };
  expect(calls(Buffer.concat(encodeMessage(hello))).end).toBe('unknown file');
  expect(calls(Uint8Array.of(0, 0, 0, 1, 99)).end).toBe('violation');
  expect(calls(Buffer.concat(encodeMessage(hello))).end).toBe('banned');
  expect(party.events).toEqual([
    { event: 'neighbour_banned', remote: 'stranger', reason: 'unknown message type 99' },
  ]);
});
