import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FLAG,
  type FrameHandler,
  FrameReader,
  HEADER_LENGTH,
  TYPE,
  writeHeader,
} from '../../../src/peer/wire/yamux-frames.ts';

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly length: number;
  readonly payload: Buffer;
}

/** Gathers what is read; refuses frames of a type that does not exist. */
class Gathered implements FrameHandler {
  readonly frames: Frame[] = [];
  /** Frames of data that were told to be whole. */
  whole = 0;

  handleHeader(type: number, flags: number, stream: number, length: number): string | undefined {
    if (type > TYPE.goAway) return `type ${type}`;
    this.frames.push({ type, flags, stream, length, payload: Buffer.alloc(0) });
    return undefined;
  }

  handlePayload(bytes: Uint8Array): void {
    const frame = this.frames.pop()!;
    this.frames.push({ ...frame, payload: Buffer.concat([frame.payload, bytes]) });
  }

  handlePayloadEnd(): void {
    this.whole++;
  }
}

function encode({ type, flags, stream, length, payload }: Frame): Buffer {
  const head = Buffer.alloc(HEADER_LENGTH, 0xff);
  writeHeader(head, 0, type, flags, stream, length);
  return Buffer.concat([head, payload]);
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const frame = fc
  .record({
    type: fc.constantFrom(...Object.values(TYPE)),
    flags: fc.integer({ min: 0, max: 0xffff }),
    stream: u32,
    length: u32,
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  })
  .map((each) =>
    each.type === TYPE.data
      ? { ...each, length: each.payload.length }
      : { ...each, payload: Buffer.alloc(0) },
  );

describe('frames of yamux', () => {
  it('are those of the specification, to the byte', () => {
    const examples: [string, Frame][] = [
      // A stream opens; 5 bytes on it; a grant; half a close; a reset; a ping; a go-away.
      [
        '00 01 0001 00000001 00000000',
        { type: 1, flags: FLAG.syn, stream: 1, length: 0, payload: Buffer.alloc(0) },
      ],
      [
        '00 00 0000 00000001 00000005 68656c6c6f',
        { type: 0, flags: 0, stream: 1, length: 5, payload: Buffer.from('hello') },
      ],
      [
        '00 01 0000 fffffffe 80000001',
        { type: 1, flags: 0, stream: 0xfffffffe, length: 0x80000001, payload: Buffer.alloc(0) },
      ],
      [
        '00 01 0004 00000003 00000000',
        { type: 1, flags: FLAG.fin, stream: 3, length: 0, payload: Buffer.alloc(0) },
      ],
      [
        '00 01 0008 00000003 00000000',
        { type: 1, flags: FLAG.rst, stream: 3, length: 0, payload: Buffer.alloc(0) },
      ],
      [
        '00 02 0002 00000000 00000007',
        { type: 2, flags: FLAG.ack, stream: 0, length: 7, payload: Buffer.alloc(0) },
      ],
      [
        '00 03 0000 00000000 00000001',
        { type: 3, flags: 0, stream: 0, length: 1, payload: Buffer.alloc(0) },
      ],
    ];
    for (const [hex, expected] of examples) {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      expect(encode(expected)).toEqual(bytes);
      const gathered = new Gathered();
      expect(new FrameReader(gathered).read(bytes)).toBe(undefined);
      expect(gathered.frames).toEqual([expected]);
    }
  });

  it('are read the same however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
        (frames, steps) => {
          const bytes = Buffer.concat(frames.map(encode));
          const gathered = new Gathered();
          const reader = new FrameReader(gathered);
          for (let at = 0; at < bytes.length; ) {
            const end = at + steps.next().value!;
            expect(reader.read(bytes.subarray(at, end))).toBe(undefined);
            at = end;
          }
          expect(gathered.frames).toEqual(frames);
          expect(gathered.whole).toBe(frames.filter(({ type }) => type === TYPE.data).length);
          expect(reader.inFrame).toBe(false);
        },
      ),
    );
  });

  it('hand on payload as it comes, without keeping it', () => {
    const gathered = new Gathered();
    const reader = new FrameReader(gathered);
    const head = Buffer.alloc(HEADER_LENGTH);
    writeHeader(head, 0, TYPE.data, 0, 1, 2 ** 32 - 1);
    reader.read(head);
    reader.read(Buffer.from('abc'));
    expect(`${gathered.frames[0]!.payload}`).toBe('abc');
    expect(reader.inFrame).toBe(true);
    expect(gathered.whole).toBe(0);
  });

  it.each([
    ['of another version', '01 00 0000 00000001 00000000', 'a frame of yamux version 1'],
    ['that the handler refuses', '00 09 0000 00000001 00000000', 'type 9'],
  ])('%s end the reader with the reason', (_, hex, reason) => {
    const gathered = new Gathered();
    const reader = new FrameReader(gathered);
    const bad = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const good = encode({ type: 1, flags: 0, stream: 1, length: 1, payload: Buffer.alloc(0) });
    expect(reader.read(Buffer.concat([bad, good]))).toBe(reason);
    expect(reader.read(good)).toBe(undefined);
    expect(gathered.frames).toEqual([]);
  });

  it('are handed on no more once the handler stops the reader', () => {
    const gathered = new Gathered();
    const reader = new FrameReader(gathered);
    gathered.handlePayload = () => reader.stop();
    const data = encode({ type: 0, flags: 0, stream: 1, length: 5, payload: Buffer.from('hello') });
    expect(reader.read(Buffer.concat([data, data]))).toBe(undefined);
    expect(gathered.frames).toHaveLength(1);
    expect(gathered.whole).toBe(0);
  });
});
