import { describe, expect, it } from 'vitest';
import { FULL, parametersOf, QUICK } from '../../src/lab/profile.ts';
import { schedule } from '../../src/lab/schedule.ts';

describe('profiles', () => {
  it('quick asks what the claims are about, at least A B B A', () => {
    const parameters = parametersOf(QUICK, {});
    expect(parameters).toMatchObject({ receivers: [2, 4, 8], killCopies: [0.5, 1.25, 2] });
    expect(parameters.repetitions).toBeGreaterThanOrEqual(2);
    expect(parameters.downlinkBytesPerSecond).toBe(5 * parameters.uplinkBytesPerSecond!);
  });

  it('full goes further in everything', () => {
    const full = parametersOf(FULL, {});
    expect(Math.max(...full.receivers)).toBe(16);
    expect(schedule(full).length).toBeGreaterThan(3 * schedule(parametersOf(QUICK, {})).length);
  });

  it('takes what is given, sorted and once', () => {
    const given = { receivers: [4, 2, 4], killCopies: [2, 0.5, 2], uplinkBytesPerSecond: 1000 };
    expect(parametersOf(QUICK, given)).toMatchObject({
      receivers: [2, 4],
      killReceivers: 4,
      killCopies: [0.5, 2],
      downlinkBytesPerSecond: 5000,
    });
  });

  it('leaves out by itself a kill that would come too late, and refuses one that was asked for', () => {
    expect(parametersOf(QUICK, { receivers: [2] }).killCopies).toEqual([0.5, 1.25]);
    expect(() => parametersOf(QUICK, { receivers: [2], killCopies: [2] })).toThrow(
      /--kills: 2 is not accepted; with 2 receivers give copies below 2/,
    );
  });

  it('holds nothing without links, and kills only when asked to', () => {
    const none = parametersOf(QUICK, { link: 'none' });
    expect(none).toMatchObject({ uplinkBytesPerSecond: null, downlinkBytesPerSecond: null });
    expect(none.killCopies).toEqual([]);
    expect(parametersOf(QUICK, { link: 'none', killCopies: [0.5] }).killCopies).toEqual([0.5]);
  });

  it('a real file brings its name and size', () => {
    const file = { name: 'a b.iso', bytes: 300 * 2 ** 20 };
    expect(parametersOf(QUICK, { file })).toMatchObject({
      fileName: 'a b.iso',
      fileBytes: file.bytes,
      pieceLength: 2 ** 20,
    });
  });
});
