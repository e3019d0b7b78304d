// Writes to the end of a file, and leaves holes where zeros come, so that a sparse file takes no
// more room than where it came from. The file has the full length after each write.
import type { FileHandle } from 'node:fs/promises';

/** Holes begin and end at multiples of it. Chosen: file systems keep blocks of up to so many bytes. */
const HOLE_BYTES = 64 * 1024;
const ZEROS = new Uint8Array(HOLE_BYTES);

export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    if (bytes[at] !== 0) return false;
    const some = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(some, ZEROS.subarray(0, some.length)) !== 0) return false;
  }
  return true;
}

/** Bytes that follow one another. */
interface Run {
  readonly position: number;
  readonly parts: Uint8Array[];
}

/**
 * Writes chunks one after another from that position on, without copying them (writev). What the file holds
 * there already is written over, zeros too.
 *
 * @throws what the file system says
 */
export async function writeAtEnd(
  handle: Pick<FileHandle, 'stat' | 'truncate' | 'writev'>,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const { runs, end } = runsOf(chunks, position);
  const [first] = runs;
  const last = runs.at(-1);
  const isDense = runs.length === 1 && first!.position === position && endOf(last!) === end;
  if (isDense || (await handle.stat()).size > position)
    return writeAll(handle, { position, parts: [...chunks] });
  for (const run of runs) await writeAll(handle, run);
  if (!last || endOf(last) < end) await handle.truncate(end);
}

/** The bytes without those parts of aligned blocks that are zero. */
function runsOf(chunks: readonly Uint8Array[], position: number): { runs: Run[]; end: number } {
  const runs: Run[] = [];
  let open: Run | undefined;
  let at = position;
  for (const chunk of chunks) {
    let from = 0;
    for (let next = 0; next < chunk.length; ) {
      const length = Math.min(chunk.length - next, HOLE_BYTES - (at % HOLE_BYTES));
      const isHole = isZero(chunk.subarray(next, next + length));
      if (isHole) {
        if (open && next > from) open.parts.push(chunk.subarray(from, next));
        open = undefined;
      } else if (!open) {
        open = { position: at, parts: [] };
        runs.push(open);
        from = next;
      }
      next += length;
      at += length;
    }
    if (open && chunk.length > from) open.parts.push(chunk.subarray(from));
  }
  return { runs, end: at };
}

const endOf = ({ position, parts }: Run): number =>
  parts.reduce((end, { length }) => end + length, position);

async function writeAll(
  handle: Pick<FileHandle, 'writev'>,
  { position, parts }: Run,
): Promise<void> {
  let at = position;
  for (let left = parts; left.length > 0; ) {
    // writev() stops short when the disk is full; the next call gives the reason.
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = skip(left, bytesWritten);
  }
}

/** The bytes that writev() did not write. */
function skip(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skipped = 0;
  for (const chunk of chunks) {
    const from = Math.min(chunk.length, Math.max(0, bytes - skipped));
    skipped += chunk.length;
    if (from < chunk.length) left.push(chunk.subarray(from));
  }
  return left;
}
