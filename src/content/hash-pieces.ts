// Reads a file and hashes it piece by piece. Importing, resuming and checking a finished target all
// use this loop. Reads are large and one ahead, so that the disk works while the CPU hashes; memory
// is two windows whatever the size of the file.
import { platform } from '#platform';
import { HubswarmError } from '../runtime/errors.ts';
import { sha256 } from './cid.ts';

/** Measured: from 2 MiB on longer reads gain nothing, 512 KiB cost 8 %, 256 KiB 11 %. */
const WINDOW_BYTES = 2 * 2 ** 20;

/** A file handle, or something that reads as one does. */
interface Reader {
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

export interface Run {
  /** The path, for messages. */
  readonly path: string;
  readonly handle: Reader;
  /** Number of pieces from the start of the file. */
  readonly pieceCount: number;
  /** Length of the piece with that index. */
  readonly length: (piece: number) => number;
  readonly signal?: AbortSignal | undefined;
  /** Awaited before each step of some 2 MiB, with the number of bytes hashed before it. */
  readonly pause?: ((position: number) => Promise<void>) | undefined;
  /** Whether other threads hash: a little slower, and the event loop stays free. */
  readonly beside?: boolean | undefined;
}

interface Window {
  readonly first: number;
  readonly count: number;
  /** Position of the piece in the file. */
  readonly position: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Calls back with each piece's digest in order, until the callback returns
 * false. The digest is the callback's to keep.
 *
 * @throws HubswarmError ERR_SOURCE_CHANGED when the file ends too soon.
 */
export async function hashPieces(
  run: Run,
  onDigest: (piece: number, digest: Uint8Array) => boolean | undefined,
): Promise<void> {
  let position = 0;
  let next = 0;
  const buffers: Uint8Array<ArrayBuffer>[] = [];
  const readNext = async (): Promise<Window | undefined> => {
    if (next >= run.pieceCount) return undefined;
    const first = next;
    let bytes = 0;
    do bytes += run.length(next++);
    while (next < run.pieceCount && bytes + run.length(next) <= WINDOW_BYTES);
    const spare = buffers.pop();
    const buffer = spare && spare.length >= bytes ? spare : platform.allocate(bytes);
    const at = position;
    position += bytes;
    await readFully(run, buffer.subarray(0, bytes), at);
    return { first, count: next - first, position: at, bytes: buffer };
  };

  let window = await readNext();
  while (window) {
    run.signal?.throwIfAborted();
    await run.pause?.(window.position);
    const ahead = readNext();
    // Awaited below; until then a failure must not count as unhandled.
    ahead.catch(() => undefined);
    if (!(await hashWindow(run, window, onDigest))) return;
    buffers.push(window.bytes);
    window = await ahead;
  }
}

async function hashWindow(
  run: Run,
  window: Window,
  onDigest: (piece: number, digest: Uint8Array) => boolean | undefined,
): Promise<boolean> {
  let offset = 0;
  for (let piece = window.first; piece < window.first + window.count; piece++) {
    const end = offset + run.length(piece);
    const bytes = window.bytes.subarray(offset, end);
    const digest = run.beside ? await sha256Beside(bytes) : sha256(bytes);
    if (onDigest(piece, digest) === false) return false;
    offset = end;
  }
  return true;
}

/** Hashes in another thread: the event loop is held up only by a copy. */
async function sha256Beside(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

async function readFully(run: Run, into: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await run.handle.read(
      into,
      filled,
      into.length - filled,
      position + filled,
    );
    if (bytesRead === 0) {
      throw new HubswarmError(
        'ERR_SOURCE_CHANGED',
        `${run.path}: became shorter while it was read`,
      );
    }
    filled += bytesRead;
  }
}
