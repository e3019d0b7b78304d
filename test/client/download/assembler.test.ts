import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler } from '../../../src/client/download/assembler.ts';
import { WRITES_AHEAD, WriteQueue } from '../../../src/client/download/write-queue.ts';

describe('Assembler with WriteQueue', () => {
  it('gives every block its own bytes however they come and however slow writes are', async () => {
    const input = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
      chunks: fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 20 }),
      slow: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ lengths, chunks, slow }) => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const source = Uint8Array.from({ length: total }, (_, i) => (i * 7919) >> 3);
        const written: Buffer[] = [];
        const queue = new WriteQueue();
        const assembler = new Assembler(
          {
            maxLength: 50,
            length: (index) => lengths[index] ?? 0,
            handle: (index, bytes) =>
              queue.push(async () => {
                if (slow[index % slow.length]) await new Promise((done) => setImmediate(done));
                written[index] = Buffer.from(bytes);
              }),
          },
          0,
        );
        const socket = new Uint8Array(120);
        for (let at = 0, i = 0; at < total; i++) {
          // One buffer for all, as the socket has.
          const part = source.subarray(at, at + chunks[i % chunks.length]!);
          socket.set(part);
          await assembler.take(socket.subarray(0, part.length));
          at += part.length;
        }
        await queue.drain();
        expect(written.map(({ length }) => length)).toEqual(lengths);
        expect(Buffer.concat(written).equals(source)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('WriteQueue', () => {
  it('makes room only when a write is done', async () => {
    const queue = new WriteQueue();
    const gate = Promise.withResolvers<void>();
    for (let i = 1; i < WRITES_AHEAD; i++) expect(queue.push(() => gate.promise)).toBeUndefined();
    const room = queue.push(async () => undefined);
    expect(room).toBeInstanceOf(Promise);
    gate.resolve();
    await room;
    await queue.drain();
  });

  it('begins no write after a failed one, and says so', async () => {
    const queue = new WriteQueue();
    const begun: number[] = [];
    void queue.push(async () => {
      begun.push(0);
      throw new Error('disk full');
    });
    void queue.push(async () => void begun.push(1));
    await expect(queue.drain()).rejects.toThrow('disk full');
    expect(begun).toEqual([0]);
  });
});

it('gives the same blocks when bytes are read into its room', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), fc.boolean()), { minLength: 1 }),
      (lengths, reads) => {
        const total = lengths.reduce((a, b) => a + b);
        const source = Buffer.from(Array.from({ length: total }, (_, i) => i & 255));
        const whole: Buffer[] = [];
        const assembler = new Assembler(
          {
            maxLength: Math.max(...lengths),
            length: (index) => lengths[index] ?? 0,
            handle: (_, bytes) => {
              whole.push(Buffer.from(bytes));
              return undefined;
            },
          },
          0,
        );
        for (let at = 0, turn = 0; at < total; turn++) {
          const [count, straight] = reads[turn % reads.length]!;
          const room = straight ? assembler.room() : undefined;
          const length = Math.min(count, total - at, room?.length ?? count);
          const bytes = source.subarray(at, at + length);
          room?.set(bytes);
          expect(assembler.take(room?.subarray(0, length) ?? bytes)).toBeUndefined();
          at += length;
        }
        expect(Buffer.concat(whole).equals(source)).toBe(true);
        expect(assembler.room()).toBeUndefined();
      },
    ),
  );
});
