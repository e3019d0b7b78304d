// Where a file store's bytes lie: the sources of a share, or the partial and
// then the target of a download.
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { fileError } from '../runtime/errors.ts';
import { READ } from './check-files.ts';
import type { SourceFile } from './source.ts';

export interface Place {
  /** Path of a file, for messages. */
  path(file: number): string;
  /** Opens a file of the manifest, by its index there. */
  open(file: number): Promise<FileHandle>;
  /** The files as they were hashed, once nothing may write to them; undefined before. */
  readonly sources: readonly SourceFile[] | undefined;
}

/** Files shared where they are. */
export class SharedPlace implements Place {
  readonly sources: readonly SourceFile[];

  constructor(sources: readonly SourceFile[]) {
    this.sources = sources;
  }

  path(file: number): string {
    return this.sources[file]!.path;
  }

  async open(file: number): Promise<FileHandle> {
    const path = this.path(file);
    return open(path, READ).catch((error: unknown) => {
      throw fileError(error, path);
    });
  }
}
