import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage, FrameDecoder } from '../../src/exchange/codec.ts';
import {
  MAX_ADDRESSES,
  MAX_BLOCK_LENGTH,
  MAX_HAVES,
  MAX_HINTS,
  type Message,
} from '../../src/exchange/message.ts';

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

/** Parts are how a block came in; what counts is what they say together. */
function whole(read: Message): Message {
  return read.type === 'block' ? { ...read, parts: [joined(read.parts)] } : read;
}

function decodeIn(bytes: Uint8Array, cuts: readonly number[]): Message[] {
  const decoder = new FrameDecoder();
  const edges = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const read: Message[] = [];
  let from = 0;
  for (const to of [...edges, bytes.length]) {
    const { messages, violation } = decoder.push(bytes.subarray(from, to));
    expect(violation).toBeUndefined();
    read.push(...messages);
    from = to;
  }
  return read;
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
    ['an unknown type', '00000001 0a', /unknown message type 10/],
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
  const text = readFileSync(new URL('../../fixtures/exchange-wire.txt', import.meta.url), 'utf8');
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
    expect(new Set(readVectors().map(({ message }) => message.type)).size).toBe(10);
  });
});
