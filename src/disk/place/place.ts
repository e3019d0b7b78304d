// Where a file store's bytes lie: the sources of a share, or the partial and
// then the target of a download.
import { fileError } from '../../runtime/errors.ts';
import { type Handle, openAnywhere } from '../file-system/file-calls.ts';
import type { SourceFile } from '../import/source.ts';
import { READ } from './check-files.ts';

export interface Place {
  /** Path of a file, for messages. */
  path(file: number): string;
  /** Opens a file of the manifest, by its index there. */
  open(file: number): Promise<Handle>;
  /** Whether what was never written to this file reads as zeros. It was opened before. */
  readsZeros?(file: number): boolean;
  /** Must be called when all bytes of a file were written to it in one go. */
  handleWhole?(file: number, handle: Handle): Promise<void>;
  /** Closes what is kept open beside the files. */
  close?(): Promise<void>;
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

  open(file: number): Promise<Handle> {
    return openSource(this.path(file));
  }
}

/** Opens a file that nothing here writes to. @throws HubswarmError */
export async function openSource(path: string): Promise<Handle> {
  try {
    return (await openAnywhere(path, READ)).handle;
  } catch (error) {
    throw fileError(error, path);
  }
}
