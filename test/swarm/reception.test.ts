import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/exchange/wire/codec.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { CALL_SPAN_MS } from '../../src/swarm/callers.ts';
import type { Call } from '../../src/swarm/member.ts';
import { Reception } from '../../src/swarm/reception.ts';
import { MemoryWire } from './memory-wire.ts';
import { VirtualClock } from './virtual-clock.ts';

const hello = (file = 1): Message => ({
  type: 'hello',
  file: Uint8Array.of(file),
  pieceCount: 8,
  addresses: [],
  bitfield: new Uint8Array(1),
});

/** A peer that exchanges file 1. */
class Desk {
  readonly clock = new VirtualClock();
  readonly joined: { call: Call; first: readonly Message[] }[] = [];
  /** Bytes that came after the hello's chunk. */
  later = 0;
  readonly bans: [string, string, boolean][] = [];
  readonly banned = new Set<string>();
  readonly #reception = new Reception({
    clock: this.clock,
    swarmOf: (file) =>
      file[0] === 1
        ? {
            join: (call, first = []) => {
              this.joined.push({ call, first });
              return (chunk) => {
                this.later += chunk.length;
              };
            },
          }
        : undefined,
    isBanned: (peer) => this.banned.has(peer),
    onBan: (...ban) => this.bans.push(ban),
  });

  /** The caller's end. */
  call(peer = 'ann'): MemoryWire {
    const [caller, called] = MemoryWire.pair(peer, 'me');
    this.#reception.answer(called);
    return caller;
  }
}

describe('a reception', () => {
  it('hands a call to the swarm that its hello names, with what came along and comes later', async () => {
    const desk = new Desk();
    const caller = desk.call();
    const interest: Message = { type: 'interest', interested: true };
    const bytes = Buffer.concat([hello(), interest].flatMap((message) => encodeMessage(message)));
    caller.send([bytes.subarray(0, 3)]);
    expect(desk.joined).toEqual([]);
    caller.send([bytes.subarray(3), Uint8Array.of(0, 0)]);
    expect(desk.joined).toHaveLength(1);
    expect(desk.joined[0]!.first.map(({ type }) => type)).toEqual(['hello', 'interest']);
    expect(desk.joined[0]!.call).toMatchObject({ outbound: false, wire: { remote: 'ann' } });
    expect(desk.later).toBe(2);
    await desk.clock.advance(60_000);
    expect(caller.end).toBeUndefined();
  });

  it('hangs up on one that says nothing for five seconds', async () => {
    const desk = new Desk();
    const caller = desk.call();
    await desk.clock.advance(4999);
    expect(caller.end).toBeUndefined();
    await desk.clock.advance(1);
    expect(caller.end).toBe('reset');
    expect(desk.bans).toEqual([]);
  });

  it('hangs up on one that means a file that is not here', () => {
    const desk = new Desk();
    const caller = desk.call();
    caller.say(hello(2));
    expect(caller.end).toBe('closed');
    expect(desk.bans).toEqual([]);
  });

  it('bans one that begins with something else', () => {
    const desk = new Desk();
    desk.call('ann').say({ type: 'cancel', piece: 1 });
    desk.call('bob').send([Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0)]);
    expect(desk.bans).toEqual([
      ['ann', 'a cancel before hello', false],
      ['bob', expect.any(String), false],
    ]);
    expect(desk.joined).toEqual([]);
  });

  it('does not listen to one that is banned', () => {
    const desk = new Desk();
    desk.banned.add('ann');
    const caller = desk.call();
    caller.say(hello());
    expect(caller.end).toBe('reset');
    expect(desk.joined).toEqual([]);
  });

  it('bans for load one that goes on calling for nothing', async () => {
    const desk = new Desk();
    for (let i = 0; i < 64; i++) {
      desk.call().say(hello(2));
      await desk.clock.advance(0);
    }
    for (let i = 0; i < 32; i++) expect(desk.call().end).toBe('reset');
    expect(desk.bans).toEqual([]);
    desk.call();
    expect(desk.bans).toEqual([['ann', 'a flood of calls', true]]);
    await desk.clock.advance(CALL_SPAN_MS);
    desk.call().say(hello());
    expect(desk.joined).toHaveLength(1);
  });

  it('counts no call by which a piece was passed on', async () => {
    const desk = new Desk();
    for (let i = 0; i < 100; i++) {
      const caller = desk.call();
      caller.say(hello());
      desk.joined.at(-1)!.call.onOver!(i < 50);
      caller.abort('over');
      await desk.clock.advance(0);
    }
    for (let i = 0; i < 14; i++) {
      desk.call().say(hello());
      desk.joined.at(-1)!.call.onOver!(false);
    }
    expect(desk.joined).toHaveLength(114);
    expect(desk.call().end).toBe('reset');
  });
});
