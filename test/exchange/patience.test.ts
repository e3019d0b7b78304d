// How far a session goes with neighbours that leave grants unanswered, stall or are unproven.
import { describe, expect, it } from 'vitest';
import { ALL, bans, block, PIECE, sent, Table } from './table.ts';

describe('an unproven source', () => {
  it('is asked for two pieces at once, and for one more with each that was good', () => {
    const table = new Table([]);
    table.join('a', ALL);
    let grant = 0;
    const offer = (grants: number): number[] =>
      Array.from({ length: grants }, () =>
        sent(table.say('a', { type: 'grant', grant: grant++, hints: [] }), 'request'),
      ).flatMap((requests) => requests.map(({ piece }) => piece));
    const [first, ...others] = offer(6);
    expect(others).toHaveLength(1);
    table.say('a', block(first!));
    expect(offer(6)).toEqual([]);
    table.session.step(table.now, { type: 'piece_stored', piece: first! });
    expect(offer(6)).toHaveLength(2);
  });

  it('that is silent keeps no piece from being asked of others, and is asked ever less', () => {
    const table = new Table([]);
    table.join('silent', ALL);
    table.join('b', ALL);
    let grant = 0;
    const offer = (from: string): number[] =>
      sent(table.say(from, { type: 'grant', grant: grant++, hints: [] }), 'request').map(
        ({ piece }) => piece,
      );
    const give = (piece: number): void => {
      table.say('b', block(piece));
      table.session.step(table.now, { type: 'piece_stored', piece });
    };
    const lying = [...offer('silent'), ...offer('silent')];
    expect(lying).toHaveLength(2);
    for (let i = 0; i < 6; i++) for (const piece of offer('b')) give(piece);
    // Nothing else is missing: before a second they could still come.
    table.wait(600);
    expect(offer('b')).toEqual([]);
    // Not so much as a notable part of it.
    table.say('silent', block(lying[0]!, 0, 1));
    table.wait(700);
    const again = offer('b');
    expect(lying).toContain(again[0]);
    expect(offer('silent')).toEqual([]);
    give(again[0]!);
    // Its other piece stays open; until that is taken back there is no more for it.
    table.wait(10_000);
    expect(offer('silent')).toEqual([]);
    for (const piece of offer('b')) give(piece);
    expect(table.session.isComplete).toBe(true);
  });

  it('that was silent for long and then gives its piece is trusted at once', () => {
    const table = new Table([]);
    table.join('late', ALL);
    const offers = (grant: number): number[] =>
      [grant, grant + 1, grant + 2, grant + 3]
        .flatMap((id) =>
          sent(table.say('late', { type: 'grant', grant: id, hints: [] }), 'request'),
        )
        .map(({ piece }) => piece);
    const [first, second, ...others] = offers(0);
    expect(others).toEqual([]);
    // It is the only source: nobody else can be asked meanwhile.
    table.wait(5000);
    expect(offers(4)).toEqual([]);
    for (const piece of [first!, second!]) {
      table.say('late', block(piece));
      table.session.step(table.now, { type: 'piece_stored', piece });
    }
    expect(offers(8)).toHaveLength(4);
    expect(bans(table.wait(2000))).toEqual([]);
  });

  it('that stalls is asked for one piece at a time, and banned only after four stalls', () => {
    const table = new Table([]);
    table.join('a', ALL);
    const reasons: string[] = [];
    for (let grant = 0; grant < 40 && reasons.length === 0; grant += 2) {
      const requests = [grant, grant + 1].flatMap((id) =>
        sent(table.say('a', { type: 'grant', grant: id, hints: [] }), 'request'),
      );
      expect(requests).toHaveLength(grant === 0 ? 2 : 1);
      // A byte now and then is as good as nothing.
      for (const { piece } of requests) table.say('a', block(piece, 0, 1));
      reasons.push(...bans(table.wait(21_000)));
      if (grant < 6) expect(reasons).toEqual([]);
    }
    expect(reasons).toEqual([expect.stringMatching(/sent nothing, 4 times/)]);
  });

  it('may still send what was due of a cancelled piece, and no byte more', () => {
    const table = new Table([]);
    table.join('a', ALL);
    const [request] = sent(table.say('a', { type: 'grant', grant: 0, hints: [] }), 'request');
    const { piece } = request!;
    table.say('a', block(piece, 0, PIECE / 2));
    expect(sent(table.wait(21_000), 'cancel')).toMatchObject([{ piece }]);
    expect(bans(table.say('a', block(piece, PIECE / 2, PIECE / 2)))).toEqual([]);
    const strays = ALL.flatMap(() => bans(table.say('a', block(piece, PIECE / 2, PIECE / 2))));
    expect(strays).toEqual([expect.stringMatching(/not asked for/)]);
  });
});

describe('a receiver that leaves grants unanswered', () => {
  it('holds no more than those that it was offered, while another is served', () => {
    const table = new Table(ALL);
    table.join('sleeper', []);
    const first = sent(table.say('sleeper', { type: 'interest', interested: true }), 'grant');
    expect(first).toHaveLength(5);
    expect(sent(table.wait(1900), 'grant')).toEqual([]);
    table.join('b', []);
    const other = sent(table.say('b', { type: 'interest', interested: true }), 'grant');
    expect(other.map(({ to }) => to)).toEqual(['b', 'b', 'b', 'b', 'b']);
  });

  it('is offered grants again when it wakes and answers, however late', () => {
    const table = new Table(ALL);
    table.join('sleeper', []);
    table.say('sleeper', { type: 'interest', interested: true });
    table.wait(60_000);
    expect(sent(table.wait(10_000), 'grant')).toEqual([]);
    const woken = table.say('sleeper', { type: 'request', grant: 0, piece: 1 });
    expect(bans(woken)).toEqual([]);
    expect(sent(woken, 'grant').length).toBeGreaterThan(0);
  });
});
