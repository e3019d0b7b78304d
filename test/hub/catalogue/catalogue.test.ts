// What a catalogue of many files still knows of those that were used long ago.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { rawCid } from '../../../src/content/cid.ts';
import { Catalogue, MAX_ENTRIES } from '../../../src/hub/catalogue/catalogue.ts';
import type { Located, Root } from '../../../src/root/root.ts';

/** Stamps of the files that are there, by their paths. */
const stamps = new Map<string, string>();
const root = { stampAt: async (place: readonly string[]) => stamps.get(place.join('/')) } as Root;

const located = (name: string, stamp: string): Located => ({
  place: ['d', name],
  version: { kind: 'file', stamp, size: 5, modifiedMs: 0, settledMs: 0 },
});

it('names the CIDs of more files than it keeps in memory', async () => {
  const catalogue = new Catalogue({ root, signal: new AbortController().signal });
  const digests = createHash('sha256').update('hello').digest();
  const leaves = { ...catalogue.piecesOf(5), digests };
  for (let i = 0; i < MAX_ENTRIES + 10; i++) {
    stamps.set(`d/f${i}`, 'first');
    await catalogue.learn(located(`f${i}`, 'first'), { leaves });
  }
  expect(catalogue.size).toBe(MAX_ENTRIES);
  expect(catalogue.isFull).toBe(false);
  const cid = `${rawCid(digests)}`;
  for (const name of ['f0', 'f9', `f${MAX_ENTRIES}`]) {
    expect(catalogue.cidOf(located(name, 'first'))).toBe(cid);
    expect(catalogue.cidOf(located(name, 'second'))).toBeUndefined();
  }
  expect(catalogue.cidOf(located('elsewhere', 'first'))).toBeUndefined();
});
