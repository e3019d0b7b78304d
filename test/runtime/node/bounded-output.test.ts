import { once } from 'node:events';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { BoundedOutput } from '../../../src/runtime/node/bounded-output.ts';

const CAP = 8 * 2 ** 20;
const LINE = `${'x'.repeat(999)}\n`;
const LINES = 10_000;

it('keeps 8 MiB for a reader that stops, and counts what it loses', async () => {
  let text = '';
  let takeFirst: (() => void) | undefined;
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      if (takeFirst) done();
      else takeFirst = done;
    },
  });
  const output = new BoundedOutput(out, (message) => `told: ${message}\n`);
  for (let line = 0; line < LINES; line++) output.write(LINE);
  expect(out.writableLength).toBeGreaterThanOrEqual(CAP);
  expect(out.writableLength).toBeLessThan(CAP + LINE.length);
  const drained = once(out, 'drain');
  takeFirst!();
  await drained;
  output.write('last\n');
  const kept = text.split(LINE).length - 1;
  const told = `told: ${LINES - kept} lines are lost: nobody read them in time\nlast\n`;
  expect(text.slice(kept * LINE.length)).toBe(told);
});

it('counts the lines that a full disk did not take, and tells when it takes some again', () => {
  let text = '';
  let isFull = false;
  const disk = {
    writableLength: 0,
    write(line: string, written?: (error?: unknown) => void) {
      if (!isFull) text += line;
      written?.(isFull ? new Error('ENOSPC') : undefined);
    },
  };
  const output = new BoundedOutput(disk, (message) => `told: ${message}\n`);
  output.write('one\n');
  isFull = true;
  output.write('two\nthree\n');
  output.write('four\n');
  isFull = false;
  output.write('five\n');
  expect(text).toBe('one\ntold: 3 lines are lost: they could not be written\nfive\n');
});
