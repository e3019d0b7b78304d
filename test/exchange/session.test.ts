// One session, told events and asked for effects: what it does to a neighbour that
// breaks the rules, and what it never does itself.
import { describe, expect, it } from 'vitest';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { ALL, bans, block, PIECE, PIECES, sent, Table } from './table.ts';

describe('the giving side', () => {
  it('offers grants only to interested neighbours, and as many as keep the uplink busy', () => {
    const table = new Table(ALL);
    expect(sent(table.join('a', []), 'grant')).toEqual([]);
    const grants = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    expect(grants).toHaveLength(5);
    // Three each, and none twice: of eight pieces.
    expect(grants.map(({ hints }) => hints.length)).toEqual([3, 3, 2, 0, 0]);
  });

  it('offers behind a cap when the uplink is about to fall free, and not before', () => {
    const table = new Table(ALL);
    // A piece takes 1 s.
    table.session.step(0, { type: 'uplink_capped', bytesPerSecond: PIECE });
    table.join('a', []);
    const first = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    expect(first).toHaveLength(1);
    table.say('a', { type: 'request', grant: first[0]!.grant, piece: 3 });
    expect(sent(table.wait(900), 'grant')).toEqual([]);
    expect(sent(table.wait(99), 'grant')).toHaveLength(1);
  });

  it('behind a cap gives the grant to another when an offer is not answered in time', () => {
    const table = new Table(ALL);
    table.session.step(0, { type: 'uplink_capped', bytesPerSecond: PIECE });
    table.join('asleep', []);
    expect(sent(table.say('asleep', { type: 'interest', interested: true }), 'grant')).toHaveLength(
      1,
    );
    table.join('b', []);
    table.say('b', { type: 'interest', interested: true });
    expect(sent(table.wait(100), 'grant').map(({ to }) => to)).toEqual(['b']);
  });

  it('never hints at one piece in two open offers', () => {
    const table = new Table(ALL);
    table.join('a', []);
    table.join('b', []);
    const effects = [
      ...table.say('a', { type: 'interest', interested: true }),
      ...table.say('b', { type: 'interest', interested: true }),
    ];
    const hints = sent(effects, 'grant').flatMap((grant) => grant.hints);
    expect(new Set(hints).size).toBe(hints.length);
  });

  it('serves the piece that was requested, and ends the grant at the have', () => {
    const table = new Table(ALL);
    table.join('a', []);
    const [grant] = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    const effects = table.say('a', { type: 'request', grant: grant!.grant, piece: 3 });
    expect(effects).toContainEqual({ type: 'upload', neighbour: 'a', piece: 3 });
    expect(sent(effects, 'grant')).toEqual([]);
    table.session.step(1, { type: 'upload_finished', neighbour: 'a', piece: 3 });
    expect(sent(table.say('a', { type: 'have', pieces: [3] }), 'grant')).toHaveLength(1);
  });

  it('revokes a grant that is not answered, and thinks the neighbour asleep after three', () => {
    const table = new Table(ALL);
    table.join('a', []);
    table.say('a', { type: 'interest', interested: true });
    const effects = table.wait(60_000);
    const revoked = sent(effects, 'revoke').length;
    expect(revoked).toBeGreaterThanOrEqual(3);
    expect(revoked).toBeLessThan(8);
    expect(bans(effects)).toEqual([]);
  });

  it('does not send a piece twice because its receiver is slow to say that it has it', () => {
    const table = new Table(ALL);
    table.join('slow', []);
    const [grant, other] = sent(table.say('slow', { type: 'interest', interested: true }), 'grant');
    table.say('slow', { type: 'request', grant: grant!.grant, piece: 3 });
    table.session.step(0, { type: 'upload_finished', neighbour: 'slow', piece: 3 });
    table.say('slow', { type: 'decline', grant: other!.grant });
    table.wait(10_000);
    table.join('b', []);
    const hints = (effects: SessionEffect[]) => sent(effects, 'grant').flatMap((g) => g.hints);
    const offered = hints(table.say('b', { type: 'interest', interested: true }));
    // The one that was sent comes last.
    expect(offered).toHaveLength(8);
    expect(offered.at(-1)).toBe(3);
  });

  it('gives the grant to somebody else after a decline', () => {
    const table = new Table(ALL);
    table.join('a', []);
    const [first] = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    table.join('b', []);
    table.say('b', { type: 'interest', interested: true });
    const grants = sent(table.say('a', { type: 'decline', grant: first!.grant }), 'grant');
    expect(grants.map(({ to }) => to)).toEqual(['b']);
  });

  it('stops sending when the receiver cancels, or leaves', () => {
    const table = new Table(ALL);
    table.join('a', []);
    const [grant, other] = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    table.say('a', { type: 'request', grant: grant!.grant, piece: 3 });
    table.say('a', { type: 'request', grant: other!.grant, piece: 4 });
    const stop = (piece: number) => ({ type: 'stop_upload', neighbour: 'a', piece });
    expect(table.say('a', { type: 'cancel', piece: 3 })).toContainEqual(stop(3));
    const left = table.session.step(0, { type: 'neighbour_left', neighbour: 'a' });
    expect(left).toContainEqual(stop(4));
  });
});

describe('the taking side', () => {
  const offered = (table: Table, neighbour: string, grant: number, hints: number[] = []) =>
    sent(table.say(neighbour, { type: 'grant', grant, hints }), 'request');

  it('is interested in who has what it lacks, and asks for the hint', () => {
    const table = new Table([0]);
    expect(sent(table.join('a', ALL), 'interest')).toMatchObject([{ interested: true }]);
    expect(offered(table, 'a', 0, [0, 5])).toMatchObject([{ grant: 0, piece: 5 }]);
    expect(sent(table.join('b', [0]), 'interest')).toEqual([]);
  });

  it('asks for the rarest piece without a hint', () => {
    const table = new Table([]);
    table.join('a', ALL);
    table.join('b', [0, 1, 2, 3, 4, 5, 7]);
    expect(offered(table, 'a', 0)).toMatchObject([{ piece: 6 }]);
  });

  it('never asks two neighbours for one piece, and declines when all is on its way', () => {
    const table = new Table([]);
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) table.join(name, ALL);
    const pieces = ALL.flatMap((i) => offered(table, names[i % 4]!, i)).map((r) => r.piece);
    expect(new Set(pieces).size).toBe(PIECES);
    expect(sent(table.say('a', { type: 'grant', grant: 99, hints: [] }), 'decline')).toHaveLength(
      1,
    );
  });

  it('stores, and only then tells: the source at once, others in a moment', () => {
    const table = new Table([]);
    table.join('a', ALL);
    table.join('b', []);
    offered(table, 'a', 0, [2]);
    table.say('a', block(2, 0, 400));
    const effects = table.say('a', block(2, 400, 600));
    expect(effects).toMatchObject([{ type: 'store', piece: 2, neighbour: 'a' }]);
    const told = table.session.step(0, { type: 'piece_stored', piece: 2 });
    expect(sent(told, 'have').map(({ to }) => to)).toEqual(['a']);
    expect(sent(table.wait(20), 'have')).toMatchObject([{ to: 'b', pieces: [2] }]);
  });

  it('asks another when the source leaves, revokes, or falls silent', () => {
    const table = new Table([0, 1, 2, 3, 4, 5, 6]);
    table.join('a', ALL);
    table.join('b', ALL);
    expect(offered(table, 'a', 0)).toMatchObject([{ piece: 7 }]);
    table.say('a', { type: 'revoke', grant: 0 });
    expect(offered(table, 'b', 0)).toMatchObject([{ piece: 7 }]);
    table.session.step(0, { type: 'neighbour_left', neighbour: 'b' });
    // Not at once: who revokes in a circle would be asked in a circle.
    expect(offered(table, 'a', 1)).toEqual([]);
    table.wait(1000);
    expect(offered(table, 'a', 2)).toMatchObject([{ piece: 7 }]);
    const effects = table.wait(30_000);
    expect(sent(effects, 'cancel')).toMatchObject([{ to: 'a', piece: 7 }]);
  });

  it('bans whoever sent two pieces with wrong bytes, and does not store them', () => {
    const table = new Table([]);
    table.join('a', ALL);
    offered(table, 'a', 0, [1]);
    offered(table, 'a', 1, [2]);
    table.say('a', block(1));
    table.say('a', block(2));
    expect(bans(table.session.step(0, { type: 'piece_refused', piece: 1 }))).toEqual([]);
    expect(bans(table.session.step(0, { type: 'piece_refused', piece: 2 }))).toHaveLength(1);
    expect(table.session.have.count).toBe(0);
  });

  it('completes once', () => {
    const table = new Table([1, 2, 3, 4, 5, 6, 7]);
    table.join('a', ALL);
    offered(table, 'a', 0);
    table.say('a', block(0));
    const effects = table.session.step(0, { type: 'piece_stored', piece: 0 });
    expect(effects.filter(({ type }) => type === 'completed')).toHaveLength(1);
    expect(table.session.isComplete).toBe(true);
    expect(sent(table.join('b', ALL), 'interest')).toEqual([]);
  });
});

describe('violations', () => {
  const cases: [string, (table: Table) => SessionEffect[], RegExp][] = [
    [
      'another piece count',
      (t) => hello(t, { pieceCount: 9, bitfield: new Uint8Array(2) }),
      /9 pieces/,
    ],
    ['spare bits in the bitfield', (t) => hello(t, { bitfield: new Uint8Array(2) }), /spare bits/],
    ['a second hello', (t) => t.join('a', []) && hello(t, {}), /second hello/],
    ['no hello', (t) => joined(t) && t.say('a', { type: 'cancel', piece: 0 }), /before hello/],
    [
      'a have out of range',
      (t) => t.join('a', []) && t.say('a', { type: 'have', pieces: [8] }),
      /range/,
    ],
    [
      'a hint out of range',
      (t) => t.join('a', []) && t.say('a', { type: 'grant', grant: 0, hints: [8] }),
      /range/,
    ],
    ['a block out of range', (t) => t.join('a', []) && t.say('a', block(8)), /range/],
    [
      'a request without a grant',
      (t) => t.join('a', []) && t.say('a', { type: 'request', grant: 5, piece: 0 }),
      /without a grant/,
    ],
    [
      'a request out of range',
      (t) => t.join('a', []) && t.say('a', { type: 'request', grant: 5, piece: 8 }),
      /piece 8/,
    ],
    [
      'a block at the wrong place',
      (t) =>
        t.join('a', ALL) &&
        t.say('a', { type: 'grant', grant: 0, hints: [1] }) &&
        t.say('a', block(1, 500, 500)),
      /block at 500/,
    ],
    [
      'a block too long',
      (t) =>
        t.join('a', ALL) &&
        t.say('a', { type: 'grant', grant: 0, hints: [1] }) &&
        t.say('a', block(1, 0, PIECE + 1)),
      /block at 0/,
    ],
    [
      'what the codec refused',
      (t) =>
        t.join('a', []) &&
        t.session.step(0, { type: 'violation', neighbour: 'a', reason: 'a frame of 4 GiB' }),
      /4 GiB/,
    ],
  ];

  it.each(cases)('%s is banned', (_, act, reason) => {
    const effects = act(new Table([0]));
    expect(bans(effects)).toHaveLength(1);
    expect(bans(effects)[0]).toMatch(reason);
  });

  it('bans a flood, and one that keeps sending what nobody asked for', () => {
    const flooded = new Table([0]);
    flooded.join('a', []);
    let reasons: string[] = [];
    for (let i = 0; i < 70_000 && reasons.length === 0; i++) {
      reasons = bans(flooded.say('a', { type: 'interest', interested: i % 2 === 0 }));
    }
    expect(reasons).toEqual(['a flood of messages']);
    const stray = new Table([]);
    stray.join('a', ALL);
    expect(ALL.flatMap(() => bans(stray.say('a', block(1))))).toHaveLength(1);
  });

  it('means nothing any more once the neighbour is gone', () => {
    const table = new Table([0]);
    table.join('a', []);
    table.session.step(0, { type: 'neighbour_left', neighbour: 'a' });
    expect(table.say('a', { type: 'request', grant: 77, piece: 9 })).toEqual([]);
  });

  function joined(table: Table): SessionEffect[] {
    return table.session.step(0, { type: 'neighbour_joined', neighbour: 'a' });
  }

  function hello(table: Table, change: Partial<Extract<Message, { type: 'hello' }>>) {
    if (table.session.neighbourCount === 0) joined(table);
    const bitfield = new Uint8Array([0xff]);
    const file = Uint8Array.of(1);
    const base = { type: 'hello' as const, file, pieceCount: PIECES, addresses: [], bitfield };
    return table.say('a', { ...base, ...change });
  }
});

describe('peers', () => {
  it('tells a newcomer of the others, and the others of it', () => {
    const table = new Table(ALL);
    table.join('a', [], ['/ip4/127.0.0.1/tcp/2']);
    const effects = table.join('b', [], ['/ip4/127.0.0.1/tcp/3']);
    expect(sent(effects, 'peers')).toMatchObject([
      { to: 'b', addresses: ['/ip4/127.0.0.1/tcp/2'] },
    ]);
    expect(sent(table.wait(100), 'peers')).toMatchObject([
      { to: 'a', addresses: ['/ip4/127.0.0.1/tcp/3'] },
    ]);
  });

  it('tells of peers that come at once in one message', () => {
    const table = new Table(ALL);
    table.join('a', [], ['/a']);
    table.join('b', [], ['/b']);
    table.join('c', [], ['/c']);
    expect(sent(table.wait(100), 'peers')).toMatchObject([
      { to: 'a', addresses: ['/b', '/c'] },
      { to: 'b', addresses: ['/c'] },
    ]);
  });

  it.each([
    ['before it came', true],
    ['meanwhile', false],
  ])('does not tell a neighbour of a peer that it named %s', (_, before) => {
    const table = new Table(ALL);
    table.join('a', [], ['/a']);
    table.join('b', [], ['/b']);
    table.wait(100);
    const name = () => table.say('a', { type: 'peers', addresses: ['/c'] });
    if (before) name();
    table.join('c', [], ['/c']);
    if (!before) name();
    expect(sent(table.wait(1000), 'peers')).toMatchObject([{ to: 'b', addresses: ['/c'] }]);
  });

  it('passes on what it is told', () => {
    const table = new Table([]);
    table.join('a', ALL);
    const effects = table.say('a', { type: 'peers', addresses: ['/x'] });
    expect(effects).toContainEqual({ type: 'peers_learned', addresses: ['/x'], neighbour: 'a' });
  });
});
