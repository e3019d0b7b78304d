import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { expect, it } from 'vitest';
import { CidNames } from '../../../src/hub/catalogue/cid-names.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const cidOf = (n: number): string =>
  CID.createV1(raw.code, create(0x12, createHash('sha256').update(`${n}`).digest())).toString();
const versionOf = (n: number) => ({ place: ['d', `f${n}`], version: { stamp: `${n}` } });

it('keeps a CID in a few hundred bytes, as it was made', () => {
  const count = 20_000;
  const names = new CidNames();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < count; n++) names.note(versionOf(n), cidOf(n));
  collect();
  const each = (process.memoryUsage().heapUsed - before) / count;
  expect(each).toBeLessThan(600);
  for (const n of [0, count - 1]) expect(names.find(versionOf(n))).toBe(cidOf(n));
});
