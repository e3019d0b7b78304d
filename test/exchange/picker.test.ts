import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { Neighbour } from '../../src/exchange/neighbour/neighbour.ts';
import { PICKERS, type PickView } from '../../src/exchange/picker.ts';
import { PieceRanking } from '../../src/exchange/ranking.ts';
import { createRng } from '../../src/runtime/rng.ts';

const PIECES = 12;
const piece = fc.nat(PIECES - 1);
const pieces = fc.uniqueArray(piece);

interface Situation {
  here: number[];
  onTheWay: number[];
  theirs: number[];
  fetching: number[];
  refused: number[];
  /** Further copies that are known of. */
  copies: number[];
  seed: number;
}

const situation: fc.Arbitrary<Situation> = fc.record({
  here: pieces,
  onTheWay: pieces,
  theirs: pieces,
  fetching: pieces,
  refused: pieces,
  copies: fc.array(piece, { maxLength: 40 }),
  seed: fc.nat(),
});

function arrange(given: Situation) {
  const rng = createRng(given.seed);
  const missing = new PieceRanking(PIECES, rng);
  for (const one of given.copies) missing.increment(one);
  for (const one of given.here) missing.remove(one);
  const wanted = new Set<number>();
  for (let one = 0; one < PIECES; one++) {
    if (!given.here.includes(one) && !given.onTheWay.includes(one)) wanted.add(one);
  }
  let firstMissing = 0;
  while (given.here.includes(firstMissing)) firstMissing++;
  const view: PickView = {
    missing,
    pieceCount: PIECES,
    firstMissing,
    rng,
    isWanted: (one) => wanted.has(one),
  };
  const neighbour = new Neighbour('a');
  neighbour.pieces = new Bitfield(PIECES);
  for (const one of given.theirs) neighbour.pieces.add(one);
  for (const one of given.fetching) {
    neighbour.source.fetches.set(one, {
      piece: one,
      grant: 0,
      requestedAt: 0,
      parts: [],
      received: 0,
      slow: false,
    });
  }
  for (const one of given.refused) neighbour.source.refused.add(one);
  const candidates = given.theirs
    .filter((one) => wanted.has(one))
    .filter((one) => !given.fetching.includes(one) && !given.refused.includes(one))
    .sort((a, b) => a - b);
  return { view, neighbour, candidates };
}

describe.each(Object.entries(PICKERS))('the %s picker', (_, pick) => {
  it('picks what is wanted and can be had, whatever is hinted, and nothing only when nothing is', () => {
    fc.assert(
      fc.property(situation, pieces, (given, hints) => {
        const { view, neighbour, candidates } = arrange(given);
        const picked = pick(view, neighbour, hints);
        if (candidates.length === 0) expect(picked).toBeUndefined();
        else expect(candidates).toContain(picked);
      }),
    );
  });
});

describe.each([
  ['rarest', PICKERS.rarest],
  ['random', PICKERS.random],
])('the %s picker', (_, pick) => {
  it('takes the first hint that can be used', () => {
    fc.assert(
      fc.property(situation, pieces, (given, hints) => {
        const { view, neighbour, candidates } = arrange(given);
        const usable = hints.find((hint) => candidates.includes(hint));
        fc.pre(usable !== undefined);
        expect(pick(view, neighbour, hints)).toBe(usable);
      }),
    );
  });
});

describe('rarest', () => {
  it('leaves no candidate that has fewer copies', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const { view, neighbour, candidates } = arrange(given);
        const picked = PICKERS.rarest(view, neighbour, []);
        fc.pre(picked !== undefined);
        const counts = candidates.map((one) => view.missing.count(one));
        expect(view.missing.count(picked)).toBe(Math.min(...counts));
      }),
    );
  });
});

describe('random', () => {
  it.each([
    ['most of what is missing', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['so little that draws miss it', [4, 9]],
  ])('picks each as often as the others when the neighbour has %s', (_, theirs) => {
    const times = new Map(theirs.map((one) => [one, 0]));
    const draws = 400 * theirs.length;
    for (let seed = 0; seed < draws; seed++) {
      const given = { here: [], onTheWay: [], fetching: [], refused: [], copies: [4, 4, 9] };
      const { view, neighbour } = arrange({ ...given, theirs, seed });
      const picked = PICKERS.random(view, neighbour, [])!;
      times.set(picked, times.get(picked)! + 1);
    }
    // Four standard deviations.
    for (const count of times.values()) expect(Math.abs(count - 400)).toBeLessThan(80);
  });
});

describe('sequential', () => {
  it('picks the first piece of the file that it can get', () => {
    fc.assert(
      fc.property(situation, pieces, (given, hints) => {
        const { view, neighbour, candidates } = arrange(given);
        expect(PICKERS.sequential(view, neighbour, hints)).toBe(candidates[0]);
      }),
    );
  });
});
