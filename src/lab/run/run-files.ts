// The files that are handed out: one made from the seed for each size that a run asks for, when
// it first does, or one real file for all. Each lies in a directory of its own, so that a
// server's root shows nothing else.
import { basename, join } from 'node:path';
import { generateFile, hashFile, placeFile } from './file.ts';
import type { RunFile } from './stage.ts';

export type RunFiles = (bytes: number) => Promise<RunFile>;

export const MADE_NAME = 'sample.bin';

/** @param file given by a person; undefined: files are made */
export function createRunFiles(work: string, seed: number, file?: string): RunFiles {
  const made = new Map<number, Promise<RunFile>>();
  return (bytes) => {
    const ready = made.get(bytes) ?? prepare(join(work, `file-${bytes}`), bytes, seed, file);
    made.set(bytes, ready);
    return ready;
  };
}

async function prepare(
  fileDir: string,
  bytes: number,
  seed: number,
  file: string | undefined,
): Promise<RunFile> {
  const fileName = file === undefined ? MADE_NAME : basename(file);
  const path = join(fileDir, fileName);
  if (file === undefined) await generateFile(path, bytes, seed);
  else await placeFile(file, fileDir);
  return { fileDir, fileName, sha256: await hashFile(path) };
}
