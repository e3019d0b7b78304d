// A local file or directory, as far as a mirror compares it: Node.js' own stats take six times as much
// memory, for each of hundreds of thousands.
import { constants, type Stats } from 'node:fs';

export class LocalEntry {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly mode: number;

  constructor({ size, mtimeMs, ctimeMs, ino, mode }: Stats) {
    this.size = size;
    this.mtimeMs = mtimeMs;
    this.ctimeMs = ctimeMs;
    this.ino = ino;
    this.mode = mode;
  }

  isFile(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFREG;
  }

  isDirectory(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFDIR;
  }
}
