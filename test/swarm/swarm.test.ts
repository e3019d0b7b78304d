// The pump between real sessions: wires, network and clock are in memory.
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { MemoryStore } from '../../src/content/memory-store.ts';
import type { PieceStore } from '../../src/content/store.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import type { Network } from '../../src/swarm/network.ts';
import { MemoryWire } from './memory-wire.ts';
import { type Content, type Guest, makeContent, Party, PIECE, PIECES } from './party.ts';

const content = await makeContent();
/** A piece takes a tenth of a second. */
const UP = 10 * PIECE;

const helloOf = ({ manifest }: Content, pieces: Bitfield): Message => ({
  type: 'hello',
  file: manifest.root.bytes,
  pieceCount: PIECES,
  addresses: [],
  bitfield: pieces.toBytes(),
});

/** Opens a stream to a guest, as a test that speaks for the caller; returns the caller's end. */
function callAs(name: string, guest: Guest): MemoryWire {
  const [mine, theirs] = MemoryWire.pair(name, guest.self);
  guest.answer(theirs);
  return mine;
}

const whole = (): MemoryStore => MemoryStore.whole(content.manifest, content.bytes);

describe('a swarm', () => {
  it('tells a neighbour of no address that is of no use to it', async () => {
    const party = new Party();
    const [seed, near, far] = [party.invite('seed'), party.invite('near'), party.invite('far')];
    const network: Network = {
      self: seed.self,
      connected: () => seed.connected(),
      call: (...args) => seed.call(...args),
      ask: (...args) => seed.ask(...args),
      believe: (addresses) => seed.believe(addresses),
      tellable: (addresses, remote) => (remote === 'near' ? addresses : []),
    };
    seed.join(whole(), {}, { network });
    for (const guest of [near, far]) guest.fetch(content).contacts.add('seed', ['/mem/seed']);
    await party.clock.advanceUntil(() => seed.answered.length === 2);
    await party.clock.advance(1000);
    const told = (name: string) =>
      seed.answered
        .filter(({ remote }) => remote === name)
        .flatMap(({ sent }) => sent)
        .filter(({ type }) => type === 'hello' || type === 'peers');
    expect(told('near')).toContainEqual(expect.objectContaining({ addresses: ['/mem/seed'] }));
    expect(told('far')).toEqual([expect.objectContaining({ type: 'hello', addresses: [] })]);
  });

  it('passes every piece on to who calls, and both are told', async () => {
    const party = new Party();
    const [seed, leech] = [party.invite('seed', { up: UP }), party.invite('leech')];
    seed.seed(content);
    const store = MemoryStore.empty(content.manifest);
    const stored: number[] = [];
    let completed = 0;
    const swarm = leech.join(store, {
      onPieceStored: (piece) => stored.push(piece),
      onCompleted: () => completed++,
    });
    swarm.contacts.add('seed', ['/mem/seed']);
    await party.clock.advanceUntil(() => swarm.view.isComplete);
    expect(store.bytes).toEqual(content.bytes);
    expect(stored.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(completed).toBe(1);
    // The link's time, and little more.
    expect(party.clock.now()).toBeLessThan(900);
    expect(leech.of('neighbour_joined')).toMatchObject([{ remote: 'seed', pieces: PIECES }]);
    expect(seed.of('neighbour_joined')).toMatchObject([{ remote: 'leech', pieces: 0 }]);
    expect(leech.of('piece_verified').map(({ remote }) => remote)).toEqual(
      Array<string>(PIECES).fill('seed'),
    );
    expect([seed.bans, leech.bans]).toEqual([[], []]);
  });

  it('lets receivers pass pieces on, so that the seed sends less than they all need', async () => {
    const party = new Party();
    const seed = party.invite('seed', { up: UP });
    seed.seed(content);
    const leeches = ['a', 'b', 'c', 'd'].map((name) => party.invite(name, { up: UP }));
    const swarms = leeches.map((leech) => leech.fetch(content));
    for (const { contacts } of swarms) contacts.add('seed', []);
    await party.clock.advanceUntil(() => swarms.every(({ view }) => view.isComplete));
    // Neighbours named each other.
    for (const { view } of swarms) expect(view.neighbourCount).toBe(4);
    expect(seed.host.link.sentBytes).toBeLessThan(2 * content.bytes.length);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('keeps one of two crossing calls, the same at both ends: %s calls first', async (...order) => {
    const party = new Party();
    const [a, b] = [party.invite('a'), party.invite('b')];
    const swarms = new Map([a, b].map((guest) => [guest.self, guest.fetch(content)]));
    for (const [i, name] of order.entries()) swarms.get(name)!.contacts.add(order[1 - i]!, []);
    await party.clock.advance(100);
    expect([a.calls, b.calls]).toEqual([['b'], ['a']]);
    for (const { view } of swarms.values()) expect(view.neighbourCount).toBe(1);
    expect(a.opened[0]!.end).toBeUndefined();
    expect(b.opened[0]!.end).toBeDefined();
  });

  it('takes a later stream of the same caller for the one that lives', async () => {
    const party = new Party();
    const seed = party.invite('seed');
    const swarm = seed.seed(content);
    const first = callAs('ann', seed);
    first.say(helloOf(content, new Bitfield(PIECES)));
    const second = callAs('ann', seed);
    second.say(helloOf(content, new Bitfield(PIECES)));
    await party.clock.advance(10);
    expect([first.end, second.end]).toEqual(['closed', undefined]);
    expect([...swarm.neighbours]).toEqual(['ann']);
    expect(seed.of('neighbour_left')).toMatchObject([{ remote: 'ann', reason: 'replaced' }]);
  });

  it('sends what one turn has for a neighbour together', async () => {
    const party = new Party();
    const seed = party.invite('seed');
    seed.seed(content);
    const line = callAs('ann', seed);
    line.say(helloOf(content, new Bitfield(PIECES)));
    line.say({ type: 'interest', interested: true });
    expect(seed.answered[0]!.sends).toBe(0);
    await party.clock.advance(0);
    expect(seed.answered[0]!.sent.map(({ type }) => type)).toEqual([
      'hello',
      'grant',
      'grant',
      'grant',
      'grant',
      'grant',
    ]);
    expect(seed.answered[0]!.sends).toBe(1);
  });

  it('loses what it is not to send', async () => {
    const party = new Party();
    const [rider, leech] = [party.invite('rider'), party.invite('leech')];
    rider.join(whole(), {}, { maySend: ({ type }) => type !== 'grant' });
    const swarm = leech.fetch(content);
    swarm.contacts.add('rider', []);
    await party.clock.advance(5000);
    expect(leech.of('neighbour_joined')).toHaveLength(1);
    expect(swarm.store.have.count).toBe(0);
  });

  it('bans who sends wrong bytes twice, and gets the piece elsewhere', async () => {
    const party = new Party();
    const [poisoner, seed, leech] = ['poisoner', 'seed', 'leech'].map((name) =>
      party.invite(name, { up: UP }),
    );
    const good = whole();
    const bad: PieceStore = Object.assign(Object.create(good) as PieceStore, {
      manifest: content.manifest,
      have: good.have,
      read: async () => new Uint8Array(PIECE),
    });
    poisoner!.join(bad);
    seed!.seed(content);
    const swarm = leech!.fetch(content);
    swarm.contacts.add('poisoner', []);
    await party.clock.advanceUntil(() => leech!.bans.length > 0);
    expect(leech!.bans).toEqual([
      { peer: 'poisoner', reason: '2 pieces with wrong bytes', forLoad: false },
    ]);
    expect(leech!.of('piece_rejected')).toHaveLength(2);
    expect(leech!.opened[0]!.end).toBe('2 pieces with wrong bytes');
    swarm.contacts.add('seed', []);
    await party.clock.advanceUntil(() => swarm.view.isComplete);
    expect((swarm.store as MemoryStore).bytes).toEqual(content.bytes);
  });

  it('revokes a grant when the piece cannot be read, and says why', async () => {
    const party = new Party();
    const seed = party.invite('seed');
    const store = whole();
    seed.join(
      Object.assign(Object.create(store) as PieceStore, {
        manifest: content.manifest,
        have: store.have,
        read: () => Promise.reject(new Error('the disk is gone')),
      }),
    );
    const line = callAs('ann', seed);
    line.say(helloOf(content, new Bitfield(PIECES)));
    line.say({ type: 'interest', interested: true });
    await party.clock.advance(10);
    const [grant] = seed.answered[0]!.said('grant');
    line.say({ type: 'request', grant: grant!.grant, piece: 3 });
    await party.clock.advance(10);
    expect(seed.answered[0]!.said('revoke')).toMatchObject([{ grant: grant!.grant }]);
    expect(seed.of('warned')).toMatchObject([{ message: 'cannot serve: the disk is gone' }]);
  });

  it('tells that the store failed, which no neighbour can help', async () => {
    const party = new Party();
    const [seed, leech] = [party.invite('seed'), party.invite('leech')];
    seed.seed(content);
    const store = MemoryStore.empty(content.manifest);
    const failures: unknown[] = [];
    const full = Object.assign(Object.create(store) as PieceStore, {
      manifest: content.manifest,
      have: store.have,
      write: () => Promise.reject(new Error('no space left')),
    });
    leech.join(full, { onFailed: (error) => failures.push(error) }).contacts.add('seed', []);
    await party.clock.advanceUntil(() => failures.length > 0);
    expect(String(failures[0])).toContain('no space left');
  });

  it('revokes an unanswered offer when its time has come', async () => {
    const party = new Party();
    const seed = party.invite('seed');
    seed.seed(content);
    const line = callAs('ann', seed);
    line.say(helloOf(content, new Bitfield(PIECES)));
    line.say({ type: 'interest', interested: true });
    await party.clock.advance(1900);
    expect(seed.answered[0]!.said('revoke')).toEqual([]);
    await party.clock.advance(500);
    expect(seed.answered[0]!.said('revoke').length).toBeGreaterThan(0);
  });

  it('counts to a caller whether a piece was passed on', async () => {
    const party = new Party();
    const [seed, leech] = [party.invite('seed'), party.invite('leech')];
    seed.seed(content);
    const swarm = leech.join(MemoryStore.empty(content.manifest));
    const over: boolean[] = [];
    const [useless] = MemoryWire.pair('leech', 'nobody');
    swarm.join({ wire: useless, outbound: true, onOver: (useful) => over.push(useful) });
    useless.abort('gone');
    await party.clock.advance(0);
    expect(over).toEqual([false]);
    const [mine, theirs] = MemoryWire.pair('leech', 'seed');
    seed.answer(theirs);
    const read = swarm.join({ wire: mine, outbound: true, onOver: (useful) => over.push(useful) });
    mine.onData(read!);
    await party.clock.advanceUntil(() => swarm.view.isComplete);
    swarm.close();
    expect(over).toEqual([false, true]);
  });

  it('follows caps that change while it runs', async () => {
    const party = new Party();
    const [seed, leech] = [party.invite('seed', { up: UP / 100 }), party.invite('leech')];
    const seeding = seed.seed(content);
    const swarm = leech.fetch(content);
    swarm.contacts.add('seed', []);
    await party.clock.advance(5000);
    expect(swarm.view.isComplete).toBe(false);
    seed.host.link.limit({ uplinkBytesPerSecond: UP });
    seeding.handleLimited();
    await party.clock.advanceUntil(() => swarm.view.isComplete, 2000);
  });

  it('asks for more at once when its downlink may carry more', async () => {
    const party = new Party();
    const leech = party.invite('leech', { down: 1 });
    const swarm = leech.fetch(content);
    const lines = ['ann', 'bob'].map((name) => callAs(name, leech));
    for (const line of lines) line.say(helloOf(content, Bitfield.full(PIECES)));
    const offer = async (at: number, grant: number): Promise<Message['type'] | undefined> => {
      lines[at]!.say({ type: 'grant', grant, hints: [] });
      await party.clock.advance(1);
      return leech.answered[at]!.sent.findLast(({ type }) => type !== 'interest')?.type;
    };
    expect([await offer(0, 0), await offer(0, 1)]).toEqual(['request', 'request']);
    expect(await offer(1, 0)).toBe('decline');
    leech.host.link.limit({ downlinkBytesPerSecond: 100 * UP });
    swarm.handleLimited();
    expect(await offer(1, 1)).toBe('request');
  });

  it('leaves no timer behind when it is closed', async () => {
    const party = new Party();
    const leech = party.invite('leech');
    const swarm = leech.fetch(content);
    callAs('ann', leech).say(helloOf(content, Bitfield.full(PIECES)));
    await party.clock.advance(10);
    expect(party.clock.isIdle).toBe(false);
    swarm.close();
    expect(party.clock.isIdle).toBe(true);
  });

  it('says goodbye when it is closed, and does nothing any more', async () => {
    const party = new Party();
    const [seed, leech] = [party.invite('seed', { up: UP }), party.invite('leech')];
    seed.seed(content);
    const swarm = leech.fetch(content);
    swarm.contacts.add('seed', []);
    await party.clock.advance(250);
    swarm.close();
    const { length } = leech.events;
    expect(leech.of('neighbour_left')).toMatchObject([{ remote: 'seed', reason: 'stopped' }]);
    const had = swarm.store.have.count;
    await party.clock.advance(60_000);
    expect(leech.events).toHaveLength(length);
    expect(swarm.store.have.count).toBe(had);
    const [late] = MemoryWire.pair('leech', 'late');
    expect(swarm.join({ wire: late, outbound: true })).toBeUndefined();
    expect(late.end).toBe('closed');
  });
});
