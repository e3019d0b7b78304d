import { describe, expect, it } from 'vitest';
import { shadeOf, stretches } from '../../../../src/lab/report/figures/availability.ts';
import { goodputSteps, outages } from '../../../../src/lab/report/figures/strip.ts';
import { couldRates, stackedRates } from '../../../../src/lab/report/figures/uplinks.ts';
import { exampleExhibit, MIB } from './example.ts';

describe('availability', () => {
  it('joins what does not change, piece by piece', () => {
    const exhibit = exampleExhibit({
      copies: [
        [1, 1],
        [1, 2],
        [0, 2],
      ],
    });
    const stretch = (from: number, beganMs: number, endedMs: number, copies: number) => ({
      from,
      to: from + 1,
      beganMs,
      endedMs,
      copies,
    });
    expect(stretches(exhibit)).toEqual([
      stretch(0, 0, 1000, 1),
      stretch(0, 1000, 1500, 0),
      stretch(1, 0, 500, 1),
      stretch(1, 500, 1500, 2),
    ]);
  });

  it('says which pieces stand in a group', () => {
    const copies = [[3, 4, 5]];
    const groups = stretches(exampleExhibit({ pieces: 8, copies }));
    expect(groups.map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [2, 5],
      [5, 8],
    ]);
  });

  it('of a server is empty', () => {
    expect(stretches(exampleExhibit())).toEqual([]);
  });

  it('is deeper with every copy, and in another colour when at risk or lost', () => {
    const shades = [0, 1, 2, 3, 4].map((copies) => shadeOf(copies, 4, 'orange'));
    expect(shades.map(({ colour }) => colour === 'orange')).toEqual([
      ...[false, false],
      ...[true, true, true],
    ]);
    const depths = shades.slice(2).map(({ opacity }) => opacity);
    expect(depths).toEqual([...depths].sort((a, b) => a - b));
    expect(shades[0]!.opacity).toBeGreaterThan(shades[1]!.opacity);
  });
});

describe('uplinks', () => {
  const exhibit = exampleExhibit({
    uplinks: [
      { role: 'origin', sentBytes: [MIB, 0], couldBytes: [MIB, MIB] },
      { role: 'receiver', sentBytes: [MIB / 2, MIB], couldBytes: [2 * MIB, 2 * MIB] },
      { role: 'rider', sentBytes: [0, 0], couldBytes: [MIB, MIB] },
    ],
  });

  it('are stacked as rates, and who sends nothing is left out', () => {
    const [origin, receivers, ...others] = stackedRates(exhibit);
    expect(others).toEqual([]);
    expect(origin!.points).toEqual([
      { from: 0, to: 0.5, below: 0, upTo: 2 },
      { from: 0.5, to: 1, below: 0, upTo: 0 },
    ]);
    expect(receivers!.points.map(({ below, upTo }) => [below, upTo])).toEqual([
      [2, 3],
      [0, 2],
    ]);
  });

  it('could send what all of them could, those of the idle too', () => {
    expect(couldRates(exhibit)).toEqual([
      { seconds: 0, rate: 8 },
      { seconds: 0.5, rate: 8 },
      { seconds: 0.5, rate: 8 },
      { seconds: 1, rate: 8 },
    ]);
  });

  it('that nothing holds could send whatever they like', () => {
    const [free] = exhibit.uplinks;
    expect(couldRates({ ...exhibit, uplinks: [{ ...free!, couldBytes: null }] })).toEqual([]);
  });

  it('of nobody are nothing', () => {
    expect(stackedRates(exampleExhibit())).toEqual([]);
    expect(couldRates(exampleExhibit())).toEqual([]);
  });
});

describe('service', () => {
  const exhibit = exampleExhibit({ verifiedBytes: [0, MIB, 0, 0, MIB, 0] });
  const steps = goodputSteps(exhibit);

  it('is a rate in each step', () => {
    expect(steps[1]).toEqual({ from: 0.5, to: 1, goodput: 2 });
  });

  it.each([
    [
      'joined, until all were done',
      2.5,
      [
        [0, 0.5],
        [1, 2],
      ],
    ],
    [
      'to the end where somebody waited for ever',
      9,
      [
        [0, 0.5],
        [1, 2],
        [2.5, 3],
      ],
    ],
    ['none where it was over at once', 0, []],
  ])('is out: %s', (_, end, expected) => {
    expect(outages(steps, end).map(({ from, to }) => [from, to])).toEqual(expected);
  });
});
