import { describe, expect, it } from 'vitest';
import { isSupportedCid, parseCid } from '../../src/content/cid.ts';

const RAW = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
/** kubo: test/cli/cid_profiles_test.go, "hello world" of its version 0 and 1 profiles. */
const V0 = 'Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD';
const DAG_PB = 'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64';

describe('parseCid', () => {
  it.each([RAW, V0, DAG_PB, `  ${RAW}\n`])('accepts %j', (text) => {
    expect(String(parseCid('--get', text))).toBe(text.trim());
    expect(isSupportedCid(parseCid('--get', text))).toBe(true);
  });

  it.each([
    ['', 'is not a CID'],
    ['hello', 'is not a CID'],
    [RAW.slice(0, -1), 'is not a CID'],
    [RAW.toUpperCase(), 'is not a CID'],
    // dag-cbor; blake3; identity: of kinds that are not file bytes, or not verified here.
    ['bafyreigdmqpykrgxyaxtlafqpqhzrb7qy2rh75nldvfd4tucqmqqme5yje', 'codec 0x71'],
    ['bafkr4icyxuaf45lzqnzxcl6puaf3mqx33lf3pzthw7rdlcbyjknuvhytpi', 'hash 0x1e'],
    ['bafkqaaa', 'hash 0x0'],
  ])('refuses %j and says what is accepted', (text, reason) => {
    expect(() => parseCid('--get', text)).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringMatching(new RegExp(`^--get: .*${reason}`)),
      }),
    );
  });
});
