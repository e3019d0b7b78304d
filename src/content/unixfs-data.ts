// Encodes the UnixFS `Data` message of a file, of a symbolic link, and attributes of a directory: proto2, fields in the order of
// their numbers, `blocksizes` unpacked, as all IPFS programs write it. Source:
// https://specs.ipfs.tech/unixfs/
//
// Rejected: `ipfs-unixfs` (which decodes here). Its protons-runtime 5.6.0 writes one byte of the five
// of a number from 2^31 to 2^32-1, and leaves the other four as they were in memory.
import type { FileAttributes } from './attributes.ts';
import { unixfsOf } from './unixfs-attributes.ts';

const TYPE = { file: 2, symlink: 4 } as const;

// Tags: the number of a field, and the kind of its value (0: varint, 2: bytes, 5: four bytes).
const TYPE_TAG = (1 << 3) | 0;
const DATA_TAG = (2 << 3) | 2;
const FILE_SIZE_TAG = (3 << 3) | 0;
const BLOCK_SIZE_TAG = (4 << 3) | 0;
const MODE_TAG = (7 << 3) | 0;
const MTIME_TAG = (8 << 3) | 2;
const SECONDS_TAG = (1 << 3) | 0;
const NANOSECONDS_TAG = (2 << 3) | 5;

/** @param lengths of the children in order, bytes */
export function encodeFileData(
  lengths: readonly number[],
  attributes: FileAttributes = {},
): Uint8Array {
  const bytes = [TYPE_TAG, TYPE.file, FILE_SIZE_TAG];
  pushVarint(
    bytes,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  for (const length of lengths) {
    bytes.push(BLOCK_SIZE_TAG);
    pushVarint(bytes, length);
  }
  pushAttributes(bytes, 'file', attributes);
  return Uint8Array.from(bytes);
}

/** @param data of a directory or its shard, without attributes: their fields are the last */
export function withAttributes(data: Uint8Array, attributes: FileAttributes): Uint8Array {
  const bytes = [...data];
  pushAttributes(bytes, 'directory', attributes);
  return Uint8Array.from(bytes);
}

/** @param target an empty one is left out */
export function encodeLinkData(target: Uint8Array): Uint8Array {
  const bytes = [TYPE_TAG, TYPE.symlink];
  if (target.length > 0) {
    bytes.push(DATA_TAG);
    pushVarint(bytes, target.length);
  }
  return Uint8Array.from([...bytes, ...target]);
}

function pushAttributes(
  bytes: number[],
  kind: 'file' | 'directory',
  attributes: FileAttributes,
): void {
  const { mode, mtime } = unixfsOf(kind, attributes);
  if (mode !== undefined) {
    bytes.push(MODE_TAG);
    pushVarint(bytes, mode);
  }
  if (mtime) {
    const time = [SECONDS_TAG];
    pushVarint(time, mtime.seconds);
    if (mtime.nanoseconds > 0) {
      time.push(NANOSECONDS_TAG);
      for (const shift of [0, 8, 16, 24]) time.push((mtime.nanoseconds >>> shift) & 0xff);
    }
    bytes.push(MTIME_TAG);
    pushVarint(bytes, time.length);
    bytes.push(...time);
  }
}

/** @param value an integer; one below zero is written as its 64-bit two's complement */
function pushVarint(bytes: number[], value: number): void {
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
}
