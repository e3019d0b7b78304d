import { describe, expect, it } from 'vitest';
import { looksLikeCid, parseCidTarget } from '../../src/content/cid-target.ts';

const FILE = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

describe('parseCidTarget', () => {
  it.each([
    [FILE, undefined],
    [FILE.toUpperCase(), undefined],
    [`ipfs://${FILE}`, undefined],
    [`IPFS://${FILE}/a/b c`, 'a/b c'],
    [`/ipfs/${FILE}/a`, 'a'],
    [`${FILE}/`, ''],
    [`${FILE}/ipfs://x`, 'ipfs://x'],
  ])('reads %s', async (text, path) => {
    const target = await parseCidTarget('--get', text);
    expect(String(target.cid)).toBe(FILE);
    expect(target.path).toBe(path);
    expect(looksLikeCid(text)).toBe(true);
  });

  it.each(['', '/', `/${FILE}`, 'ipfs://', 'file', `${FILE.slice(0, -1)}1`, '/ipfs/'])(
    "refuses '%s' and says it whole",
    async (text) => {
      await expect(parseCidTarget('--get', text)).rejects.toEqual(
        expect.objectContaining({
          code: 'ERR_USAGE',
          message: expect.stringContaining(text.split('/')[0]!),
        }),
      );
    },
  );

  it.each(['file.txt', './bafy', 'bafy', 'ipfs/x', 'QmShort'])('%s may be a path', (text) => {
    expect(looksLikeCid(text)).toBe(false);
  });
});
