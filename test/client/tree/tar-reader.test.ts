// A tar cut into files, however its bytes arrive.
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { TarReader } from '../../../src/client/tree/tar-reader.ts';

const MOST_BYTES = 2000;

async function tarOfFiles(files: readonly { path: string; size: number }[]): Promise<Buffer> {
  const packing = pack();
  for (const { path, size } of files) packing.entry({ name: path }, Buffer.alloc(size, path));
  packing.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of packing) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

function read(tar: Buffer, cuts: readonly number[]): { path: string; size: number }[] {
  const reader = new TarReader(MOST_BYTES);
  const found: { path: string; size: number }[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % tar.length)), tar.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    for (const { path, bytes } of reader.take(tar.subarray(from, end))) {
      expect(Buffer.alloc(bytes.length, path).equals(bytes)).toBe(true);
      found.push({ path, size: bytes.length });
    }
    from = end;
  }
  return found;
}

const path = fc.stringMatching(/^top\/[a-zäö]{1,140}$/);

it('gives the files that are short enough, whatever the chunks', async () => {
  const files = fc.array(fc.record({ path, size: fc.nat(3 * MOST_BYTES) }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(files, fc.array(fc.nat(), { maxLength: 40 }), async (each, cuts) => {
      const wanted = each.filter(({ size }) => size <= MOST_BYTES);
      expect(read(await tarOfFiles(each), cuts)).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

it('gives the same byte by byte', async () => {
  const files = [
    { path: 'top/a', size: 1999 },
    { path: `top/${'ö'.repeat(120)}`, size: 513 },
    { path: 'top/long', size: 5000 },
    { path: 'top/empty', size: 0 },
  ];
  const tar = await tarOfFiles(files);
  const everywhere = Array.from({ length: tar.length }, (_, i) => i);
  expect(read(tar, everywhere)).toEqual(files.filter(({ size }) => size <= MOST_BYTES));
});

it('takes any bytes, and says what is no tar', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      const reader = new TarReader(MOST_BYTES);
      try {
        for (const { path: name } of reader.take(bytes)) expect(typeof name).toBe('string');
      } catch (error) {
        expect((error as Error).message).toBe('sent what is no tar');
      }
    }),
  );
});
