import { randomBytes } from 'node:crypto';
import { nodeCrypto, pureJsCrypto } from '@chainsafe/libp2p-noise/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_PLAIN_LENGTH,
  NOT_AUTHENTIC,
  Opener,
  Sealer,
  SPENT,
  TOO_SHORT,
} from '../../../src/peer/wire/noise-cipher.ts';

const key = randomBytes(32);
const NOTHING = new Uint8Array(0);

/** Messages without their lengths. */
function recordsOf(sealed: readonly Uint8Array[]): Buffer[] {
  const bytes = Buffer.concat(sealed);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    records.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return records;
}

const nonce = (count: number): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(count, 4);
  return bytes;
};

const sizes = [1, 255, 256, 4095, 4096, MAX_PLAIN_LENGTH, MAX_PLAIN_LENGTH + 1, 200_000];

describe('Sealer and Opener', () => {
  it.each(sizes)('do what the library does, with %i bytes', (size) => {
    const text = randomBytes(size);
    const records = recordsOf(new Sealer(key).seal([text], size)!);
    expect(records).toHaveLength(Math.ceil(size / MAX_PLAIN_LENGTH));
    const theirs = records.map((record, i) =>
      pureJsCrypto.chaCha20Poly1305Decrypt(record, nonce(i), NOTHING, key),
    );
    expect(Buffer.concat(theirs as Uint8Array[]).equals(text)).toBe(true);
    const opener = new Opener(key);
    const ours = records.map((record) => opener.open(record) as Uint8Array);
    expect(Buffer.concat(ours).equals(text)).toBe(true);
    const sealed = nodeCrypto.chaCha20Poly1305Encrypt(
      text.subarray(0, 1000),
      nonce(7),
      NOTHING,
      key,
    );
    expect(new Opener(key, 7).open(sealed as Uint8Array)).toEqual(text.subarray(0, 1000));
  });

  it('seal parts of any length as one text', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 4000, max: 5000 }),
      fc.integer({ min: 60_000, max: 70_000 }),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (lengths) => {
        const parts = lengths.map((length) => randomBytes(length));
        const text = Buffer.concat(parts);
        const opener = new Opener(key);
        const records = recordsOf(new Sealer(key).seal(parts, text.length)!);
        const opened = records.map((record) => opener.open(record) as Uint8Array);
        expect(Buffer.concat(opened).equals(text)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('give memory of their own', () => {
    for (const size of [10, 1000]) {
      const [record] = recordsOf(new Sealer(key).seal([Buffer.alloc(size, 1)], size)!);
      const plain = new Opener(key).open(record!) as Uint8Array;
      record!.fill(0);
      expect(plain.every((byte) => byte === 1)).toBe(true);
    }
  });

  it.each([10, 1000, 60_000])(
    'open no message of %i bytes that was changed, repeated or left out',
    (size) => {
      const seal = (from: number) =>
        recordsOf(new Sealer(key, from).seal([randomBytes(size)], size)!)[0]!;
      const [first, second] = [seal(0), seal(1)];
      for (const at of [0, Math.floor(size / 2), size, size + 15]) {
        const changed = Buffer.from(first);
        changed[at]! ^= 1;
        expect(new Opener(key).open(changed)).toBe(NOT_AUTHENTIC);
      }
      const opener = new Opener(key);
      expect(opener.open(first)).toHaveLength(size);
      expect(opener.open(first)).toBe(NOT_AUTHENTIC);
      expect(new Opener(key).open(second)).toBe(NOT_AUTHENTIC);
      expect(new Opener(randomBytes(32)).open(first)).toBe(NOT_AUTHENTIC);
      expect(new Opener(key).open(first.subarray(0, 15))).toBe(TOO_SHORT);
    },
  );

  it('stop at the last nonce, of either kind of message', () => {
    const last = 0xffff_ffff;
    for (const size of [10, 1000]) {
      const sealer = new Sealer(key, last);
      const opener = new Opener(key, last);
      const [record] = recordsOf(sealer.seal([Buffer.alloc(size)], size)!);
      expect(opener.open(record!)).toHaveLength(size);
      expect(opener.open(record!)).toBe(SPENT);
      expect(sealer.seal([Buffer.alloc(size)], size)).toBe(undefined);
    }
  });
});
