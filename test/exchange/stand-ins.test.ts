// Of equal pieces one is asked for.
import { expect, it } from 'vitest';
import { ALL, block, PIECES, sent, Table } from './table.ts';

const equals = [
  [0, 1, 2],
  [3, 4],
];

/** The pieces that it asks the neighbour for when that offers grants without end. */
function askedFor(table: Table, neighbour: string): number[] {
  const asked: number[] = [];
  for (let grant = 100; grant < 100 + 2 * PIECES; grant++) {
    const effects = table.say(neighbour, { type: 'grant', grant, hints: [] });
    asked.push(...sent(effects, 'request').map(({ piece }) => piece));
  }
  return asked.sort((a, b) => a - b);
}
const store = (table: Table, piece: number) =>
  table.session.step(table.now, { type: 'piece_stored', piece });

it('asks for one of each, and for none if one is here', () => {
  const table = new Table([4], equals);
  table.join('a', ALL);
  const asked: number[] = [];
  for (let pieces = askedFor(table, 'a'); pieces.length > 0; pieces = askedFor(table, 'a')) {
    asked.push(...pieces);
    for (const piece of pieces) {
      table.say('a', block(piece));
      store(table, piece);
    }
  }
  expect(asked.toSorted()).toEqual([0, 5, 6, 7]);
});

it('is complete, and tells the others, when the copies are stored too', () => {
  const table = new Table([3, 4, 5, 6, 7], equals);
  table.join('a', ALL);
  table.join('b', []);
  const [grant] = sent(table.say('a', { type: 'grant', grant: 1, hints: [1, 2] }), 'request');
  expect(grant).toMatchObject({ piece: 0 });
  table.say('a', block(0));
  store(table, 0);
  expect(table.session.isComplete).toBe(false);
  store(table, 1);
  const effects = store(table, 2);
  expect(effects).toContainEqual({ type: 'completed' });
  const told = sent([...effects, ...table.wait(1000)], 'have').filter(({ to }) => to === 'b');
  expect(told.flatMap(({ pieces }) => pieces).sort()).toEqual([0, 1, 2]);
});

it('asks for another one where no neighbour has the first', () => {
  const table = new Table([3, 4, 5, 6, 7], equals);
  table.join('a', [2]);
  table.wait(1000);
  expect(askedFor(table, 'a')).toEqual([2]);
  table.say('a', block(2));
  store(table, 2);
  // The first one comes to a neighbour while it is being copied here.
  table.say('a', { type: 'have', pieces: [0] });
  expect(table.wait(1000).some(({ type }) => type === 'send')).toBe(false);
  store(table, 0);
  expect(store(table, 1)).toContainEqual({ type: 'completed' });
});

it('cancels what is on its way when its copy is made', () => {
  const table = new Table([3, 4, 5, 6, 7], equals);
  table.join('a', [2]);
  table.wait(1000);
  table.join('b', [0]);
  expect(askedFor(table, 'a')).toEqual([2]);
  expect(askedFor(table, 'b')).toEqual([0]);
  table.say('b', block(0));
  store(table, 0);
  expect(sent(store(table, 2), 'cancel')).toMatchObject([{ to: 'a', piece: 2 }]);
});

it('asks for a copy after all if it could not be made', () => {
  const table = new Table([0, 1, 3, 4, 5, 6, 7], equals);
  table.join('a', ALL);
  expect(askedFor(table, 'a')).toEqual([]);
  table.session.step(table.now, { type: 'piece_refused', piece: 2 });
  expect(askedFor(table, 'a')).toEqual([2]);
});
