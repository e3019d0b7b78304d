import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOSS_REASONS } from '../../../src/content/store.ts';
import { encodeMessage, FrameDecoder } from '../../../src/exchange/wire/codec.ts';
import {
  MAX_ADDRESSES,
  MAX_BLOCK_LENGTH,
  MAX_HAVES,
  MAX_HINTS,
  type Message,
} from '../../../src/exchange/wire/message.ts';

const u32 = fc.nat(2 ** 32 - 1);
const address = fc.string({ unit: 'grapheme', maxLength: 40 });

const control: fc.Arbitrary<Message> = fc.oneof(
  fc
    .tuple(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.array(address, { maxLength: MAX_ADDRESSES }),
      fc.nat(5000),
    )
    .chain(([file, addresses, pieceCount]) =>
      fc
        .uint8Array({ minLength: Math.ceil(pieceCount / 8), maxLength: Math.ceil(pieceCount / 8) })
        .map((bitfield) => ({ type: 'hello' as const, file, pieceCount, addresses, bitfield })),
    ),
  fc
    .array(u32, { minLength: 1, maxLength: 50 })
    .map((pieces) => ({ type: 'have' as const, pieces })),
  fc.boolean().map((interested) => ({ type: 'interest' as const, interested })),
  fc
    .tuple(u32, fc.array(u32, { maxLength: MAX_HINTS }))
    .map(([grant, hints]) => ({ type: 'grant' as const, grant, hints })),
  fc.tuple(u32, u32).map(([grant, piece]) => ({ type: 'request' as const, grant, piece })),
  u32.map((grant) => ({ type: 'decline' as const, grant })),
  u32.map((grant) => ({ type: 'revoke' as const, grant })),
  u32.map((piece) => ({ type: 'cancel' as const, piece })),
  fc
    .array(address, { minLength: 1, maxLength: 20 })
    .map((addresses) => ({ type: 'peers' as const, addresses })),
  fc.record({
    type: fc.constant('withdraw' as const),
    reason: fc.constantFrom(...LOSS_REASONS),
    first: u32,
    count: u32,
  }),
);
const block: fc.Arbitrary<Message> = fc
  .tuple(u32, u32, fc.uint8Array({ minLength: 1, maxLength: 3000 }))
  .map(([piece, begin, data]) => ({
    type: 'block',
    piece,
    begin,
    parts: [data],
    length: data.length,
  }));
const message = fc.oneof(control, block);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Parts are how a block came in; what counts is what they say together. */
function whole(read: Message): Message {
  return read.type === 'block' ? { ...read, parts: [joined(read.parts)] } : read;
}

function* cut(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  const edges = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...edges, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

function decodeIn(bytes: Uint8Array, cuts: readonly number[]): Message[] {
  const decoder = new FrameDecoder();
  return [...cut(bytes, cuts)].flatMap((chunk) => {
    const { messages, violation } = decoder.push(chunk);
    expect(violation).toBeUndefined();
    return messages;
  });
}

describe('FrameDecoder', () => {
  it('reads back what was encoded, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, cuts) => {
          const bytes = joined(messages.flatMap((one) => encodeMessage(one)));
          expect(decodeIn(bytes, cuts).map(whole)).toEqual(messages);
        },
      ),
    );
  });

  it('answers any bytes with messages or one violation, and then stays silent', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const decoder = new FrameDecoder();
        let broken = false;
        for (const chunk of chunks) {
          const { messages, violation } = decoder.push(chunk);
          if (broken) expect([messages, violation]).toEqual([[], undefined]);
          broken ||= violation !== undefined;
        }
      }),
    );
  });

  it('reads damaged frames the same way however they are cut, and never throws', () => {
    const damaged = fc
      .tuple(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('flip', 'insert', 'remove')), {
          minLength: 1,
          maxLength: 4,
        }),
      )
      .map(([messages, wounds]) => {
        const bytes = [...joined(messages.flatMap((one) => encodeMessage(one)))];
        for (const [at, value, how] of wounds) {
          const place = at % bytes.length;
          if (how === 'flip') bytes[place] = value;
          else bytes.splice(place, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [value] : []));
        }
        return Uint8Array.from(bytes);
      });
    fc.assert(
      fc.property(damaged, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
        const atOnce = new FrameDecoder().push(bytes);
        const decoder = new FrameDecoder();
        const messages: Message[] = [];
        let violation: string | undefined;
        for (const chunk of cut(bytes, cuts)) {
          const read = decoder.push(chunk);
          messages.push(...read.messages);
          violation ??= read.violation;
        }
        expect(messages.map(whole)).toEqual(atOnce.messages.map(whole));
        expect(violation).toBe(atOnce.violation);
      }),
      { numRuns: 500 },
    );
  });

  // Chunk by chunk in an array it took 5.5 s, and 70 MiB; so it takes a quarter of one.
  it('takes the longest block a byte at a time', { timeout: 4000 }, () => {
    const data = new Uint8Array(MAX_BLOCK_LENGTH).map((_, i) => i * 7);
    const long: Message = { type: 'block', piece: 1, begin: 2, parts: [data], length: data.length };
    const decoder = new FrameDecoder();
    const read: Message[] = [];
    for (const byte of joined(encodeMessage(long))) {
      read.push(...decoder.push(Uint8Array.of(byte)).messages);
    }
    expect(read.map(whole).map((one) => one.type === 'block' && hash(one.parts[0]!))).toEqual([
      hash(data),
    ]);
  });

  it('refuses every length over its limit by the header alone, whatever the type', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (type, length) => {
        const header = new Uint8Array(5);
        new DataView(header.buffer).setUint32(0, length);
        header[4] = type;
        const { violation } = new FrameDecoder().push(header);
        // The longest of all: a hello of 2^22 pieces.
        if (type > 9 || length > 526_408) expect(violation).toBeDefined();
      }),
    );
  });

  it('re-encodes whatever it accepts to the same bytes', () => {
    fc.assert(
      fc.property(fc.nat(11), fc.uint8Array({ maxLength: 60 }), (type, body) => {
        const bytes = joined([Uint8Array.of(0, 0, 0, 1 + body.length, type), body]);
        const { messages } = new FrameDecoder().push(bytes);
        for (const read of messages) expect(joined(encodeMessage(read))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['an unknown type', '00000001 0b', /unknown message type 11/],
    ['a withdraw for no known reason', '0000000a 0a 03 00000000 00000001', /withdraw for reason 3/],
    ['a length of zero', '00000000 02', /interest of -1 bytes/],
    ['a frame of 4 GiB', 'ffffffff 07', /block of 4294967294 bytes/],
    ['an empty block', '00000009 07 00000000 00000000', /block of 8 bytes/],
    ['an interest of 2', '00000002 02 02', /not 0 or 1/],
    ['a have that is cut off', '00000006 01 00000001 00', /cut off/],
    ['a hello of another version', '00000008 00 02 00 00000000 00', /version 2/],
    ['a hello whose bitfield is too long', '0000000a 00 01 00 00000008 00 ff ff', /bitfield/],
    ['a hello of 4 G pieces', '00000008 00 01 00 ffffffff 00', /4294967295 pieces/],
    ['a hello whose address is cut off', '00000009 00 01 00 00000000 01 05', /addresses/],
    ['an address that is not UTF-8', '00000003 09 01 ff', /malformed peers/],
  ])('calls %s a violation', (_, hex, reason) => {
    const { messages, violation } = new FrameDecoder().push(fromHex(hex));
    expect(messages).toEqual([]);
    expect(violation).toMatch(reason);
  });

  it('knows an oversize frame by its header, before any of it is kept', () => {
    const decoder = new FrameDecoder();
    const header = new Uint8Array(5);
    new DataView(header.buffer).setUint32(0, 1 + 8 + MAX_BLOCK_LENGTH + 1);
    header[4] = 7;
    expect(decoder.push(header).violation).toBeDefined();
    expect(4 * MAX_HAVES).toBeLessThan(MAX_BLOCK_LENGTH);
  });
});

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** `name: {json}` then lines of `hex # comment`; see the file's own head. */
function readVectors(): { name: string; message: Message; bytes: Uint8Array }[] {
  const text = readFileSync(
    new URL('../../../fixtures/exchange-wire.txt', import.meta.url),
    'utf8',
  );
  return text
    .split('\n\n')
    .filter((section) => section.startsWith('='))
    .map((section) => {
      const [head, ...lines] = section.split('\n');
      const [, name, json] = /^= (\w+) (.*)$/.exec(head!)!;
      const hex = lines.map((line) => line.replace(/#.*/, '')).join('');
      return { name: name!, message: fromJson(JSON.parse(json!)), bytes: fromHex(hex) };
    });
}

function fromJson(value: Record<string, unknown>): Message {
  const bytes = (hex: unknown): Uint8Array => fromHex(String(hex));
  if (value.type === 'hello') {
    return { ...value, file: bytes(value.file), bitfield: bytes(value.bitfield) } as Message;
  }
  if (value.type === 'block') {
    const data = bytes(value.data);
    const { piece, begin } = value as { piece: number; begin: number };
    return { type: 'block', piece, begin, parts: [data], length: data.length };
  }
  return value as Message;
}

describe('wire vectors', () => {
  it.each(readVectors())(
    '$name is encoded and decoded as the fixture says',
    ({ message, bytes }) => {
      expect(joined(encodeMessage(message))).toEqual(bytes);
      expect(new FrameDecoder().push(bytes).messages.map(whole)).toEqual([message]);
    },
  );

  it('covers every message type', () => {
    expect(new Set(readVectors().map(({ message }) => message.type)).size).toBe(11);
  });
});
