import { describe, expect, it } from 'vitest';
import { checkPieceLength, choosePieceLength } from '../../src/content/piece-length.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('choosePieceLength', () => {
  it.each([
    [0, 64 * KIB],
    [16 * MIB - 1, 64 * KIB],
    [16 * MIB, 128 * KIB],
    [32 * MIB - 1, 128 * KIB],
    [32 * MIB, 256 * KIB],
    [256 * MIB - 1, 256 * KIB],
    [256 * MIB, MIB],
    [2 ** 40, MIB],
  ])('gives %i bytes pieces of %i', (total, length) => {
    expect(choosePieceLength(total)).toBe(length);
  });
});

describe('checkPieceLength', () => {
  it.each([16 * KIB, 17 * KIB, 2 * MIB])('accepts %i', (bytes) => {
    expect(checkPieceLength('--chunk-size', bytes)).toBe(bytes);
  });

  it.each([0, 15 * KIB, 16 * KIB + 1, 2 * MIB + KIB])('refuses %i', (bytes) => {
    expect(() => checkPieceLength('--chunk-size', bytes)).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringContaining('--chunk-size'),
      }),
    );
  });
});
