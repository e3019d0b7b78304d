import { describe, expect, it } from 'vitest';
import { ALL, sent, Table } from './table.ts';

/** What a neighbour lacks it wants, and says so. */
function join(table: Table, name: string, have: readonly number[]): void {
  table.join(name, have);
  if (have.length < ALL.length) table.say(name, { type: 'interest', interested: true });
}

describe('a peer that is done', () => {
  it.each<[boolean, string, number[][]]>([
    [true, 'nobody is there to take it', []],
    [false, 'a neighbour lacks all', [[]]],
    [false, 'a neighbour lacks one piece', [[0, 1, 2, 3, 4, 5, 6]]],
    [
      false,
      'two lack the same',
      [
        [0, 1, 2, 3],
        [3, 4, 5],
      ],
    ],
    [
      true,
      'together they have all',
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
    ],
    [false, 'only one that is whole has what another lacks', [[], ALL]],
    [true, 'all are whole', [ALL, ALL]],
  ])('may go (%s) when %s', (expected, _, neighbours) => {
    const table = new Table(ALL);
    for (const [i, have] of neighbours.entries()) join(table, `n${i}`, have);
    expect(table.session.mayLeave(0)).toBe(expected);
    expect(table.session.mayLeave(29_999)).toBe(expected);
  });

  it('waits until a neighbour says that it has the piece, and again when that one leaves', () => {
    const table = new Table(ALL);
    table.join('a', [0, 1, 2, 3, 4, 5, 6]);
    const [grant] = sent(table.say('a', { type: 'interest', interested: true }), 'grant');
    table.say('a', { type: 'request', grant: grant!.grant, piece: 7 });
    table.say('a', { type: 'interest', interested: false });
    // On its way, and then sent, is not yet stored.
    expect(table.session.mayLeave(5000)).toBe(false);
    table.session.step(0, { type: 'upload_finished', neighbour: 'a', piece: 7 });
    expect(table.session.mayLeave(5000)).toBe(false);
    table.say('a', { type: 'have', pieces: [7] });
    expect(table.session.mayLeave(0)).toBe(true);
    join(table, 'b', []);
    table.session.step(0, { type: 'neighbour_left', neighbour: 'a' });
    expect(table.session.mayLeave(5000)).toBe(false);
  });

  it('goes when nobody wants anything of it any more, though it heard of no copy', () => {
    const table = new Table(ALL);
    join(table, 'a', [0]);
    table.say('a', { type: 'interest', interested: false });
    expect(table.session.mayLeave(999)).toBe(false);
    expect(table.session.mayLeave(1000)).toBe(true);
  });

  it('counts nobody who has not said hello', () => {
    const table = new Table(ALL);
    table.session.step(0, { type: 'neighbour_joined', neighbour: 'silent' });
    expect(table.session.mayLeave(0)).toBe(true);
  });

  it('goes at last, whatever is left', () => {
    const table = new Table(ALL);
    join(table, 'a', []);
    expect(table.session.mayLeave(30_000)).toBe(true);
  });
});
