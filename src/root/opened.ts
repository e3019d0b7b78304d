// Steps with an open file that take several calls.
import { fileChanging, Refusal } from '../runtime/refusal.ts';
import type { OpenDirectory, OpenFile, Root, Segments } from './root.ts';

/**
 * Fills `into` with the bytes from that position on.
 *
 * @throws Refusal ERR_SOURCE_CHANGED if the file is shorter
 */
export async function readFully(
  file: Pick<OpenFile, 'read'>,
  into: Uint8Array,
  position: number,
): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const part = filled === 0 ? into : into.subarray(filled);
    const bytesRead = await file.read(part, position + filled);
    if (bytesRead === 0) throw fileChanging();
    filled += bytesRead;
  }
}

/**
 * Reads all of a small file. The bytes count only after the caller has checked that the version is
 * the same.
 */
export async function readWhole(file: Pick<OpenFile, 'read' | 'version'>): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(file.version.size);
  await readFully(file, bytes, 0);
  return bytes;
}

type Opens = Pick<Root, 'open'>;

/** @throws Refusal ERR_NOT_FOUND, also for a directory, and as root.open() */
export async function openFile(root: Opens, segments: Segments): Promise<OpenFile> {
  const opened = await root.open(segments);
  if (opened.kind === 'file') return opened;
  await opened.close();
  throw new Refusal('ERR_NOT_FOUND', 'no such file');
}

/** @throws Refusal ERR_NOT_FOUND, also for a file, and as root.open() */
export async function openDirectory(root: Opens, segments: Segments): Promise<OpenDirectory> {
  const opened = await root.open(segments);
  if (opened.kind === 'directory') return opened;
  await opened.close();
  throw new Refusal('ERR_NOT_FOUND', 'not a directory');
}

/** Lets `body` use what is being opened, and closes it. @throws what opening and `body` throw */
export async function withOpen<O extends { close(): Promise<void> }, T>(
  opening: Promise<O>,
  body: (opened: O) => Promise<T>,
): Promise<T> {
  const opened = await opening;
  try {
    return await body(opened);
  } finally {
    await opened.close();
  }
}
