import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { CHOKERS } from '../../src/exchange/choker.ts';
import { Neighbour } from '../../src/exchange/neighbour/neighbour.ts';
import { createRng, type Rng } from '../../src/runtime/rng.ts';

const PIECES = 40;
const NOW = 1000;

interface Party {
  pieces: number;
  onTheWay: number;
  gave: number;
  got: number;
}

const party: fc.Arbitrary<Party> = fc.record({
  pieces: fc.nat(PIECES),
  onTheWay: fc.nat(3),
  gave: fc.nat(5),
  got: fc.nat(5),
});

function arrange({ pieces, onTheWay, gave, got }: Party, index = 0): Neighbour {
  const neighbour = new Neighbour(`n${index}`);
  neighbour.pieces = new Bitfield(PIECES);
  for (let piece = 0; piece < pieces; piece++) neighbour.pieces.add(piece);
  for (let id = 0; id < onTheWay; id++) open(neighbour, id);
  for (let i = 0; i < gave; i++) neighbour.taker.credit.add(NOW);
  for (let i = 0; i < got; i++) neighbour.taker.served.add(NOW);
  return neighbour;
}

function open(neighbour: Neighbour, id: number): void {
  const grant = {
    id,
    hints: [],
    offeredAt: NOW,
    piece: undefined,
    sentAt: undefined,
    counted: true,
    stalledAt: undefined,
  };
  neighbour.taker.grants.set(id, grant);
}

/** Never draws the optimistic grant. */
const unlucky: Rng = { next: () => 0.5, below: (limit) => limit - 1 };

const soon = ({ pieces, onTheWay }: Party): number => pieces + onTheWay;

describe.each(Object.entries(CHOKERS))('the %s choker', (_, choker) => {
  it('picks one of the candidates, and nobody only when there is none', () => {
    fc.assert(
      fc.property(fc.array(party), fc.nat(), (parties, seed) => {
        const candidates = parties.map(arrange);
        const chosen = choker.pick(candidates, createRng(seed), NOW);
        if (candidates.length === 0) expect(chosen).toBeUndefined();
        else expect(candidates).toContain(chosen);
      }),
    );
  });

  it('serves who has nothing first, so that it can give', () => {
    fc.assert(
      fc.property(fc.array(party, { minLength: 1 }), fc.nat(), fc.nat(), (parties, at, seed) => {
        const others = parties.filter((one) => soon(one) > 0).map(arrange);
        const newcomer = arrange({ pieces: 0, onTheWay: 0, gave: 0, got: 0 });
        const place = at % (others.length + 1);
        const candidates = [...others.slice(0, place), newcomer, ...others.slice(place)];
        expect(choker.pick(candidates, createRng(seed), NOW)).toBe(newcomer);
      }),
    );
  });

  it('draws among equals', () => {
    const equals = [0, 1, 2, 3].map((index) =>
      arrange({ pieces: 3, onTheWay: 1, gave: 2, got: 2 }, index),
    );
    const times = equals.map(() => 0);
    for (let seed = 0; seed < 1600; seed++) {
      times[equals.indexOf(choker.pick(equals, createRng(seed), NOW)!)]!++;
    }
    // Four standard deviations.
    for (const count of times) expect(Math.abs(count - 400)).toBeLessThan(70);
  });
});

describe('cooperative', () => {
  it('passes over nobody with fewer pieces, those on their way counted', () => {
    fc.assert(
      fc.property(fc.array(party, { minLength: 1 }), fc.nat(), (parties, seed) => {
        const candidates = parties.map(arrange);
        const chosen = CHOKERS.cooperative.pick(candidates, createRng(seed), NOW)!;
        const picked = parties[candidates.indexOf(chosen)]!;
        expect(soon(picked)).toBe(Math.min(...parties.map(soon)));
      }),
    );
  });
});

describe('tit-for-tat', () => {
  /** Grants that each gets while they give so many pieces each round; a round has one grant. */
  function rounds(gifts: readonly number[], count: number, seed: number): number[] {
    const rng = createRng(seed);
    const candidates = gifts.map((_, index) =>
      arrange({ pieces: 10, onTheWay: 0, gave: 0, got: 0 }, index),
    );
    const grants = gifts.map(() => 0);
    for (let round = 0; round < count; round++) {
      const now = round * 100;
      gifts.forEach((perRound, index) => {
        if (rng.next() < perRound) candidates[index]!.taker.credit.add(now);
      });
      const chosen = CHOKERS['tit-for-tat'].pick(candidates, rng, now)!;
      chosen.taker.served.add(now);
      grants[candidates.indexOf(chosen)]!++;
    }
    return grants;
  }

  it('does not serve less who gives more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0.1, 0.3, 0.9), { minLength: 2, maxLength: 6 }),
        fc.nat(),
        (gifts, seed) => {
          const grants = rounds(gifts, 3000, seed);
          gifts.forEach((mine, a) => {
            gifts.forEach((theirs, b) => {
              // Without a gift a neighbour gets the optimistic grants: maybe more than a trifle earns.
              if (mine > theirs && theirs > 0) expect(grants[a]).toBeGreaterThan(grants[b]!);
            });
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('serves in proportion to what was given', () => {
    const [one, three] = rounds([0.2, 0.6], 4000, 1) as [number, number];
    expect(three / one).toBeGreaterThan(2.4);
    expect(three / one).toBeLessThan(3.6);
  });

  it('gives a neighbour that gave nothing a grant now and then, and no more than that', () => {
    const grants = rounds([0.5, 0.5, 0], 3200, 2);
    // One in 32: a hundred, four standard deviations.
    expect(grants[2]).toBeGreaterThan(60);
    expect(grants[2]).toBeLessThan(140);
  });

  it('offers a grant although nobody gave anything', () => {
    const grants = rounds([0, 0], 100, 3);
    expect(grants).toEqual([50, 50]);
  });

  it('forgets what was given long ago', () => {
    const old = arrange({ pieces: 5, onTheWay: 0, gave: 5, got: 0 });
    const late = arrange({ pieces: 5, onTheWay: 0, gave: 0, got: 0 }, 1);
    const now = NOW + 300_000;
    late.taker.credit.add(now);
    expect(CHOKERS['tit-for-tat'].pick([old, late], unlucky, now)).toBe(late);
  });

  it('does not take for a newcomer who never tells what it got', () => {
    const silent = arrange({ pieces: 0, onTheWay: 0, gave: 0, got: 1 });
    silent.taker.unacknowledged.add(3);
    const giver = arrange({ pieces: 20, onTheWay: 0, gave: 1, got: 5 }, 1);
    expect(CHOKERS['tit-for-tat'].pick([silent, giver], unlucky, NOW)).toBe(giver);
  });
});
