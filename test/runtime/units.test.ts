import { describe, expect, it } from 'vitest';
import { parseRate, parseSize, tryParseRate, tryParseSize } from '../../src/runtime/units.ts';

describe('sizes and rates as people write them', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['64KiB', 65536],
    ['64 KiB', 65536],
    ['1.5MB', 1_500_000],
    ['2Gi', 2 ** 31],
    ['1t', 1e12],
    ['10B', 10],
  ])('%s is a size of %i bytes', (text, bytes) => {
    expect(tryParseSize(text)).toBe(bytes);
  });

  it.each([
    ['65536', 65536],
    ['20Mbit/s', 2_500_000],
    ['20Mbit', 2_500_000],
    ['4MiB/s', 4 * 2 ** 20],
    ['500kB/s', 500_000],
    ['1Gbit/s', 125_000_000],
    ['8bit/s', 1],
  ])('%s is a rate of %i bytes a second', (text, rate) => {
    expect(tryParseRate(text)).toBe(rate);
  });

  it.each(['', 'x', '-1', '1e3', '4 apples', 'MiB', '1.2.3', '99999999999999999999'])(
    "'%s' is neither",
    (text) => {
      expect(tryParseSize(text)).toBeUndefined();
      expect(tryParseRate(text)).toBeUndefined();
    },
  );

  it('refuses a rate of zero, at which nothing ever arrives', () => {
    expect(tryParseRate('0')).toBeUndefined();
  });

  it.each(['20', ' 2.5 ', '1023'])('refuses the rate %s, whose unit was forgotten', (text) => {
    expect(() => parseRate('--uplink', text)).toThrow(
      `--uplink: ${text.trim()} without a unit is ${text.trim()} bytes per second; give a unit (as in ${text.trim()}Mbit/s`,
    );
  });

  it.each([
    ['1024', 1024],
    ['20B/s', 20],
    ['80bit/s', 10],
  ])('takes the rate %s', (text, rate) => {
    expect(parseRate('--uplink', text)).toBe(rate);
  });

  it('names the option, what was given and what is accepted', () => {
    expect(() => parseRate('--uplink', 'fast')).toThrow(
      /^--uplink: 'fast' is not a rate; give .*20Mbit/,
    );
    expect(() => parseSize('--size', 'big')).toThrow(/^--size: 'big' is not a size; give .*KiB/);
  });
});
