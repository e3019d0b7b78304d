// A process that downloads one piece after another and can be killed at any
// moment: `node download-child.js SOURCE TARGET SEED`. Prints `have <pieces>` at
// the start, a line when each piece is written, and `published` at the end. Takes
// a byte from stdin before each piece, so that it never runs far ahead of the one
// who reads its lines; at the end of stdin it goes on without.

import { readSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { FileStore } from '../../src/disk/file-store.ts';
import { importPath } from '../../src/disk/import/import.ts';
import { createRng, shuffle } from '../../src/runtime/rng.ts';

/** Not through a stream: what is printed has happened, and is out before a kill. */
const print = (line: string): void => void writeSync(1, `${line}\n`);

const [source, target, seed] = process.argv.slice(2);
const { manifest, sources } = await importPath(source!, { pieceLength: 4096 });
const bytes = Buffer.concat(await Promise.all(sources.map(({ path }) => readFile(path))));
const store = await FileStore.download(manifest, target!);
print(`have ${[...store.have].join(' ')}`);
const { geometry } = manifest;
for (const piece of shuffle(
  Array.from({ length: geometry.pieceCount }, (_, i) => i),
  createRng(Number(seed)),
)) {
  const start = geometry.offset(piece);
  if (!store.have.has(piece)) {
    readSync(0, Buffer.alloc(1));
    await store.write(piece, [bytes.subarray(start, start + geometry.length(piece))]);
    print(`wrote ${piece}`);
  }
}
print('publishing');
await store.publish();
print('published');
await store.close();
