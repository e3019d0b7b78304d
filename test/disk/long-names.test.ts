// A name as long as a file system takes has a partial file with a shorter one.
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { rawCid, sha256 } from '../../src/content/cid.ts';
import { partialOf } from '../../src/disk/place/partial-name.ts';

const root = rawCid(sha256(Uint8Array.of(1)));
const end = `.${root.toString().slice(-8)}.part`;

it.each([
  ['x'.repeat(255), `${'x'.repeat(237)}${end}`],
  ['x'.repeat(238), `${'x'.repeat(237)}${end}`],
  ['x'.repeat(237), `${'x'.repeat(237)}${end}`],
  ['é'.repeat(127), `${'é'.repeat(118)}${end}`],
  ['name', `name${end}`],
])('%s', (name, partial) => {
  const path = partialOf(root, `/out/${name}`);
  expect(path).toBe(`/out/${partial}`);
  // A tree that is replaced is put aside as the partial with '.old'.
  expect(Buffer.byteLength(`${basename(path)}.old`)).toBeLessThanOrEqual(255);
});
