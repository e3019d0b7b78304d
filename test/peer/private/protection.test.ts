import { expect, it } from 'vitest';
import { KeyStream } from '../../../src/peer/private/protection.ts';

/** Adds to each byte how many came before it. */
function counting() {
  const lengths: number[] = [];
  let count = 0;
  let ended = 0;
  const cipher = {
    update: (input: Uint8Array, output: Uint8Array) => {
      lengths.push(input.length);
      for (let at = 0; at < input.length; at++) output[at] = input[at]! + count++;
      return output;
    },
    finalize: () => void ended++,
  };
  return { stream: new KeyStream(cipher), lengths, ended: () => ended };
}

it('goes on where it was, in parts that the cipher has memory for', () => {
  const { stream, lengths } = counting();
  const bytes = new Uint8Array(200_000);
  stream.apply(bytes.subarray(0, 10));
  stream.apply(bytes.subarray(10));
  expect(bytes).toEqual(Uint8Array.from(bytes, (_, at) => at));
  expect(Math.max(...lengths)).toBe(65_536);
});

it('leaves what it is given to update() as it was', () => {
  const { stream } = counting();
  const bytes = Uint8Array.of(5, 5, 5);
  expect(stream.update(bytes)).toEqual(Uint8Array.of(5, 6, 7));
  expect(bytes).toEqual(Uint8Array.of(5, 5, 5));
});

it('lets nothing through once it has ended, and ends once', () => {
  const { stream, ended } = counting();
  stream.end();
  stream.end();
  expect(ended()).toBe(1);
  expect(stream.update(Uint8Array.of(7, 7))).toEqual(Uint8Array.of(0, 0));
});
