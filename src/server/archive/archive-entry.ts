import type { Version } from '../../root/root.ts';

/** A file or directory of an archive. */
export interface ArchiveEntry {
  /** Path in the archive: the name of its top, then the names below, with '/' between them. */
  readonly path: string;
  readonly version: Version;
  /** The bytes of a file. They must be read before the next entry is asked for. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

/** Permission bits: plain ones, so that the same files make the same archive on every hub. */
export const modeOf = ({ kind, executable }: Version): number =>
  kind === 'directory' || executable ? 0o755 : 0o644;
