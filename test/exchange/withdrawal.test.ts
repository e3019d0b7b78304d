// What was announced is taken back.
import { expect, it } from 'vitest';
import type { Message } from '../../src/exchange/wire/message.ts';
import { ALL, bans, sent, Table } from './table.ts';

const withdraw = (first: number, count: number): Message => ({
  type: 'withdraw',
  reason: 'changed',
  first,
  count,
});
const lose = (table: Table, first: number, count: number) =>
  table.session.step(table.now, { type: 'pieces_lost', first, count, reason: 'changed' });

it('a seed tells those that understand it, wants nothing back, and leaves it out of the next hello', () => {
  const table = new Table(ALL);
  table.session.step(0, { type: 'neighbour_joined', neighbour: 'new', withdraws: true });
  table.session.step(0, { type: 'neighbour_joined', neighbour: 'old' });
  const effects = lose(table, 2, 3);
  expect(sent(effects, 'withdraw')).toEqual([
    { to: 'new', type: 'withdraw', reason: 'changed', first: 2, count: 3 },
  ]);
  expect(table.session).toMatchObject({ isComplete: true, missingPieces: 0 });
  const later = table.session.step(0, { type: 'neighbour_joined', neighbour: 'later' });
  expect(sent(later, 'hello')[0]!.bitfield).toEqual(Uint8Array.of(0b11000111));
});

it('a seed tells those that come later why, behind its hello, a few times', () => {
  const table = new Table(ALL);
  lose(table, 2, 3);
  const later = table.session.step(0, {
    type: 'neighbour_joined',
    neighbour: 'later',
    withdraws: true,
  });
  const types = later.flatMap((effect) => (effect.type === 'send' ? [effect.message.type] : []));
  expect(types).toEqual(['hello', 'withdraw']);
  expect(sent(later, 'withdraw')).toMatchObject([{ reason: 'changed', first: 2, count: 3 }]);
  const old = table.session.step(0, { type: 'neighbour_joined', neighbour: 'old' });
  expect(sent(old, 'withdraw')).toEqual([]);
});

it('a receiver learns, once, why a neighbour has never had a piece', () => {
  const table = new Table([0]);
  table.join('a', [5]);
  const told = (): unknown[] =>
    table.say('a', withdraw(0, 4)).filter(({ type }) => type === 'withdrawn');
  expect(told()).toMatchObject([{ pieces: [1, 2, 3], reason: 'changed' }]);
  expect(told()).toEqual([]);
  expect(table.session.listUnavailable()).toEqual([1, 2, 3, 4, 6, 7]);
});

it('a request that crosses it is revoked, and no violation', () => {
  const table = new Table(ALL);
  table.join('a', []);
  const [grant] = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
  lose(table, 0, 4);
  const effects = table.say('a', { type: 'request', grant: grant!.grant, piece: 3 });
  expect(sent(effects, 'revoke')).toMatchObject([{ to: 'a', grant: grant!.grant }]);
  expect(effects.some(({ type }) => type === 'upload' || type === 'ban')).toBe(false);
});

it('a seed hints at nothing that it lost', () => {
  const table = new Table(ALL);
  lose(table, 0, 6);
  table.join('a', []);
  const grants = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
  expect(grants.length).toBeGreaterThan(0);
  expect(grants.flatMap(({ hints }) => hints).every((piece) => piece >= 6)).toBe(true);
});

it('the receiver asks others, and says which of its missing pieces are gone', () => {
  const table = new Table([0]);
  table.join('a', ALL);
  table.join('b', [5]);
  const effects = table.say('a', withdraw(0, 7));
  expect(effects.filter(({ type }) => type === 'withdrawn')).toEqual([
    { type: 'withdrawn', neighbour: 'a', pieces: [1, 2, 3, 4, 5, 6], reason: 'changed' },
  ]);
  expect(table.session.listUnavailable()).toEqual([1, 2, 3, 4, 6]);
  const asked = sent(table.say('a', { type: 'grant', grant: 1, hints: [3] }), 'request');
  expect(asked).toMatchObject([{ piece: 7 }]);
  // A second time it says nothing new; announced again, they count again.
  expect(table.say('a', withdraw(0, 7)).some(({ type }) => type === 'withdrawn')).toBe(false);
  table.say('a', { type: 'have', pieces: [6] });
  expect(table.session.listUnavailable()).toEqual([1, 2, 3, 4]);
});

it('what is on its way comes yet', () => {
  const table = new Table([]);
  table.join('a', ALL);
  const [request] = sent(table.say('a', { type: 'grant', grant: 1, hints: [3] }), 'request');
  table.say('a', withdraw(0, 8));
  const piece = request!.piece;
  const message: Message = {
    type: 'block',
    piece,
    begin: 0,
    parts: [new Uint8Array(1000)],
    length: 1000,
  };
  expect(table.say('a', message)).toContainEqual(expect.objectContaining({ type: 'store', piece }));
});

it.each([
  [0, 0],
  [8, 1],
  [4, 5],
  [0xffffffff, 2],
])('from %i on, of %i pieces, it is a violation', (first, count) => {
  const table = new Table([]);
  table.join('a', ALL);
  expect(bans(table.say('a', withdraw(first, count)))).toEqual(['a withdraw out of range']);
});

const regain = (table: Table, first: number, count: number) =>
  table.session.step(table.now, { type: 'pieces_returned', first, count });

it('what is back is announced to all, and served, and told as lost to nobody', () => {
  const table = new Table(ALL);
  table.session.step(0, { type: 'neighbour_joined', neighbour: 'a', withdraws: true });
  lose(table, 0, 2);
  lose(table, 4, 3);
  expect(sent(regain(table, 4, 3), 'have')).toEqual([{ to: 'a', type: 'have', pieces: [4, 5, 6] }]);
  expect([...table.session.have]).toEqual([2, 3, 4, 5, 6, 7]);
  const later = table.session.step(0, {
    type: 'neighbour_joined',
    neighbour: 'b',
    withdraws: true,
  });
  expect(sent(later, 'hello')[0]!.bitfield).toEqual(Uint8Array.of(0b00111111));
  expect(sent(later, 'withdraw')).toMatchObject([{ first: 0, count: 2 }]);
  table.join('c', []);
  const [grant] = sent(table.say('c', { type: 'interest', interested: true }), 'grant');
  const effects = table.say('c', { type: 'request', grant: grant!.grant, piece: 5 });
  expect(effects).toContainEqual({ type: 'upload', neighbour: 'c', piece: 5 });
});

it('what was never lost does not come back', () => {
  const table = new Table([0, 1]);
  table.join('a', []);
  lose(table, 1, 1);
  expect(sent(regain(table, 0, 4), 'have')).toMatchObject([{ pieces: [1] }]);
  expect([...table.session.have]).toEqual([0, 1]);
});

it('the receiver asks again for what is announced again, and hears of a second loss', () => {
  const table = new Table([0]);
  table.join('a', ALL);
  table.say('a', withdraw(1, 7));
  expect(sent(table.wait(200), 'interest')).toMatchObject([{ interested: false }]);
  expect(sent(table.say('a', { type: 'have', pieces: [6] }), 'interest')).toMatchObject([
    { interested: true },
  ]);
  expect(table.session.unavailablePieces).toBe(6);
  const again = table.say('a', withdraw(6, 1)).filter(({ type }) => type === 'withdrawn');
  expect(again).toMatchObject([{ pieces: [6], reason: 'changed' }]);
});
