import { expect, it } from 'vitest';
import { describeSpeed } from '../../src/cli/human.ts';

const MIB = 2 ** 20;

it.each<[number, number, string, string]>([
  [0, 5, '-', '-'],
  [MIB, 0, '1 MiB/s', '0s'],
  [MIB, 1, '1 MiB/s', '1s'],
  [MIB, 59.5 * MIB, '1 MiB/s', '1m0s'],
  [2 * MIB, 250 * MIB, '2 MiB/s', '2m5s'],
  [MIB, 7265 * MIB, '1 MiB/s', '2h1m'],
])('at %d B/s the last %d bytes read %s, %s', (bytesPerSecond, leftBytes, rate, left) => {
  expect(describeSpeed(bytesPerSecond, leftBytes)).toEqual({ rate, left });
});
