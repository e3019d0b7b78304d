// How a UnixFS node says what its file is beside its bytes: the fields `mode` and `mtime` (UnixFS
// 1.5, https://specs.ipfs.tech/unixfs/). Times are kept in whole milliseconds, so that a receiver
// that shares the file again names the same CID. The usual mode, 644 of files and 755 of directories,
// is not written, as in other programs: it counts as not said.
import type { UnixFS } from 'ipfs-unixfs';
import { type FileAttributes, isDatable } from './attributes.ts';

const PERMISSIONS = 0o777;
const USUAL_MODE = 0o644;
const USUAL_DIRECTORY_MODE = 0o755;

/** The fields to be written. */
export function unixfsOf(kind: 'file' | 'directory', { modifiedMs, mode }: FileAttributes) {
  const usual = kind === 'directory' ? USUAL_DIRECTORY_MODE : USUAL_MODE;
  const bits = (mode ?? usual) & PERMISSIONS;
  const ms =
    modifiedMs === undefined || !isDatable(modifiedMs) ? undefined : Math.round(modifiedMs);
  return {
    mode: bits === usual ? undefined : bits,
    mtime: ms === undefined ? undefined : mtimeOf(ms),
  };
}

function mtimeOf(ms: number) {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanoseconds: (ms - seconds * 1000) * 1e6 };
}

/** Undefined if the node says nothing, or nothing that a file or directory can be. */
export function attributesOf(node: UnixFS): FileAttributes | undefined {
  const usual = node.isDirectory() ? USUAL_DIRECTORY_MODE : USUAL_MODE;
  const { mode = usual, mtime } = node;
  const bits = mode & PERMISSIONS;
  const ms = mtime && Number(mtime.secs) * 1000 + (mtime.nsecs ?? 0) / 1e6;
  const modifiedMs = ms !== undefined && isDatable(ms) ? ms : undefined;
  if (bits === usual && modifiedMs === undefined) return undefined;
  return { modifiedMs, mode: bits === usual ? undefined : bits };
}
