import fc from 'fast-check';
import { varint } from 'multiformats';
import { describe, expect, it } from 'vitest';
import { dagPbCid } from '../../../src/content/cid.ts';
import {
  AnswerDecoder,
  encodeBlock,
  encodeHead,
  encodePacked,
  encodeRequest,
  RequestDecoder,
  type Status,
} from '../../../src/peer/manifest/dag-codec.ts';

const cid = dagPbCid(new Uint8Array([1, 2, 3]));

interface Decoded {
  heads: [Status, string][];
  blocks: Uint8Array[];
  violation: string | undefined;
}

function decode(chunks: Iterable<Uint8Array>): Decoded {
  const decoded: Decoded = { heads: [], blocks: [], violation: undefined };
  const decoder = new AnswerDecoder({
    handleHead: (status, name) => decoded.heads.push([status, name]),
    handleBlock: (block) => decoded.blocks.push(block),
  });
  for (const chunk of chunks) {
    decoded.violation = decoder.push(chunk);
    if (decoded.violation !== undefined) return decoded;
  }
  decoded.violation = decoder.end();
  return decoded;
}

/** The bytes cut at the given places. */
function* cut(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const place of places.map((p) => p % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, place);
    from = place;
  }
  yield bytes.subarray(from);
}

const length = (value: number): Uint8Array =>
  varint.encodeTo(value, new Uint8Array(8)).slice(0, varint.encodingLength(value));

describe('RequestDecoder', () => {
  it('reads the CID however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        const decoder = new RequestDecoder();
        // Nothing is asked once the CID is there.
        for (const chunk of cut(encodeRequest(cid), places)) {
          const result = decoder.push(chunk);
          if (result === undefined) continue;
          expect(result.toString()).toBe(cid.toString());
          return;
        }
        expect.unreachable('the CID never came');
      }),
    );
  });

  it.each([
    ['a length over the limit', Uint8Array.of(101), /a length of 101; allowed are 100/],
    ['an endless length', new Uint8Array(20).fill(0x80), /does not end/],
    ['no CID', Uint8Array.of(3, 9, 9, 9), /not a CID/],
    ['nothing', Uint8Array.of(0), /not a CID/],
  ])('takes %s for a violation', (_what, bytes, violation) => {
    expect(new RequestDecoder().push(bytes)).toEqual({
      violation: expect.stringMatching(violation),
    });
  });
});

describe('a packed answer', () => {
  const whole = encodePacked('tree', cid);
  const packedOf = (chunks: Iterable<Uint8Array>): unknown[] => {
    const heard: unknown[] = [];
    const decoder = new AnswerDecoder({
      handleHead: (status, name) => heard.push(status, name),
      handleBlock: () => heard.push('a block'),
      handlePacked: (packed) => heard.push(packed.toString()),
    });
    for (const chunk of chunks) {
      const violation = decoder.push(chunk);
      if (violation !== undefined) return [...heard, violation];
    }
    return [...heard, decoder.end()];
  };

  it('is read however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        expect(packedOf(cut(whole, places))).toEqual(['packed', 'tree', cid.toString(), undefined]);
      }),
    );
  });

  it.each([
    ['cut short', whole.subarray(0, -1), 'an answer cut short'],
    ['of the head alone', encodeHead('packed', 'tree'), 'an answer cut short'],
    ['with more behind', Buffer.concat([whole, Uint8Array.of(0)]), 'bytes after the packed CID'],
    [
      'of what is no CID',
      Buffer.concat([encodeHead('packed', 'tree'), Uint8Array.of(2, 9, 9)]),
      'not a CID',
    ],
    [
      'of too long a CID',
      Buffer.concat([encodeHead('packed', 'tree'), Uint8Array.of(0x90, 0x4e)]),
      'a length of 10000; allowed are 100',
    ],
  ])('%s is a violation', (_what, bytes, violation) => {
    expect(packedOf([bytes]).at(-1)).toBe(violation);
  });
});

describe('AnswerDecoder', () => {
  it.each([
    ['empty blocks', 2, Uint8Array.of(0), 'an empty block after the first'],
    ['blocks of a byte', 2 ** 18 + 1, Uint8Array.of(1, 9), 'more than 262144 blocks'],
  ])('bounds %s by number', (_what, count, block, violation) => {
    const head = encodeHead('ok', '');
    const rest = Buffer.alloc(count * block.length, block);
    const before = rest.subarray(0, -block.length);
    expect(decode([head, before]).violation).toBeUndefined();
    expect(decode([head, rest]).violation).toBe(violation);
  });

  it('gives back what was encoded however it is cut', () => {
    const block = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 70_000 }).map((size) => new Uint8Array(size).fill(size)),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.array(block),
        fc.array(fc.nat()),
        (name, blocks, places) => {
          fc.pre(Buffer.byteLength(name) <= 255);
          const bytes = Buffer.concat([encodeHead('ok', name), ...blocks.flatMap(encodeBlock)]);
          const decoded = decode(cut(bytes, places));
          expect(decoded.violation).toBeUndefined();
          expect(decoded.heads).toEqual([['ok', name]]);
          expect(decoded.blocks.length).toBe(blocks.length);
          decoded.blocks.forEach((got, i) => {
            expect(Buffer.compare(got, blocks[i]!)).toBe(0);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        decode(chunks);
      }),
    );
  });

  it.each(['unknown', 'tooLarge'] as const)('reads a refusal: %s', (status) => {
    expect(decode([encodeHead(status)])).toEqual({
      heads: [[status, '']],
      blocks: [],
      violation: undefined,
    });
  });

  it('cuts a long name between two characters', () => {
    const { heads } = decode([encodeHead('ok', 'ä'.repeat(200))]);
    expect(heads).toEqual([['ok', 'ä'.repeat(127)]]);
  });

  const head = encodeHead('ok', 'name');
  it.each([
    ['nothing at all', [], /cut short/],
    ['another status', [Uint8Array.of(7)], /a status of 7/],
    ['bytes after a refusal', [Uint8Array.of(1), Uint8Array.of(0)], /after a refusal/],
    ['a status alone', [Uint8Array.of(0)], /cut short/],
    ['a name over its limit', [Uint8Array.of(0), length(256)], /a length of 256; allowed are 255/],
    ['a name cut short', [Uint8Array.of(0, 5, 65)], /cut short/],
    ['a block over its limit', [head, length(2 ** 21 + 1)], /a length of 2097153/],
    ['an endless length', [head, new Uint8Array(4).fill(0xff)], /does not end/],
    ['a block cut short', [head, length(10), new Uint8Array(9)], /cut short/],
  ])('takes %s for a violation', (_what, chunks, violation) => {
    expect(decode(chunks).violation).toMatch(violation);
  });

  it('stops at 64 MiB of blocks', () => {
    const block = Buffer.concat(encodeBlock(new Uint8Array(2 ** 21)));
    const chunks = [head, ...Array.from({ length: 33 }, () => block)];
    const { blocks, violation } = decode(chunks);
    expect(blocks.length).toBe(32);
    expect(violation).toMatch(/more than 67108864 bytes/);
  });
});
