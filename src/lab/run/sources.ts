// The files that are handed out: one made from the seed for each size that a run asks for, when
// it first does, or one real file for all. Each lies in a directory of its own, so that a
// server's root shows nothing else.
import { basename, join } from 'node:path';
import { generateFile, hashFile, placeFile } from './file.ts';
import type { Source } from './stage.ts';

export type Sources = (bytes: number) => Promise<Source>;

export const MADE_NAME = 'sample.bin';

/** @param file given by a person; undefined: files are made */
export function createSources(work: string, seed: number, file?: string): Sources {
  const made = new Map<number, Promise<Source>>();
  return (bytes) => {
    const source = made.get(bytes) ?? prepare(join(work, `source-${bytes}`), bytes, seed, file);
    made.set(bytes, source);
    return source;
  };
}

async function prepare(
  sourceDir: string,
  bytes: number,
  seed: number,
  file: string | undefined,
): Promise<Source> {
  const fileName = file === undefined ? MADE_NAME : basename(file);
  const path = join(sourceDir, fileName);
  if (file === undefined) await generateFile(path, bytes, seed);
  else await placeFile(file, sourceDir);
  return { sourceDir, fileName, sha256: await hashFile(path) };
}
