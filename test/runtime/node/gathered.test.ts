import { expect, it } from 'vitest';
import { Gathered } from '../../../src/runtime/node/gathered.ts';

it('joins chunks of any length, and refuses those that would pass its limit', () => {
  const gathered = new Gathered(6);
  expect(gathered.add(Buffer.from('a'))).toBe(true);
  expect(gathered.add(Buffer.from('bcde'))).toBe(true);
  expect(gathered.add(Buffer.from('fg'))).toBe(false);
  expect(gathered.bytes.toString()).toBe('abcde');
  expect(gathered.add(Buffer.from('f'))).toBe(true);
  expect(gathered.bytes.toString()).toBe('abcdef');
});

it('gives bytes away in order, and has room for as many again', () => {
  const gathered = new Gathered(4);
  gathered.add(Buffer.from('abcd'));
  const taken = gathered.take(3);
  expect(gathered.add(Buffer.from('efg'))).toBe(true);
  expect(gathered.add(Buffer.from('h'))).toBe(false);
  expect(gathered.take(4).toString()).toBe('defg');
  expect(taken.toString()).toBe('abc');
  expect(gathered.bytes).toHaveLength(0);
});
