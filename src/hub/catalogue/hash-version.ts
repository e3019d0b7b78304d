// Hashes the pieces of a version. It opens the file anew, so the request that asked for it may end.
// It stops as soon as the file has another version.
import type { Leaves } from '../../content/file-dag.ts';
import { hashPieces } from '../../content/hash-pieces.ts';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import { openFile, withOpen } from '../../root/opened.ts';
import type { Located, OpenFile, Root } from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import type { Turn } from './hashing-queue.ts';

/**
 * @param pieces the pieces that the file is cut into
 * @throws Refusal ERR_SOURCE_CHANGED if it changes, or has another name by now
 */
export async function hashVersion(
  root: Pick<Root, 'open'>,
  located: Located,
  pieces: Omit<Leaves, 'digests'>,
  turn: Turn,
): Promise<Leaves> {
  try {
    return await withOpen(reopen(root, located), (file) => hashFile(file, pieces, turn));
  } catch (error) {
    throw hasCode(error, 'ERR_SOURCE_CHANGED') ? fileChanging() : error;
  }
}

async function hashFile(
  file: OpenFile,
  pieces: Omit<Leaves, 'digests'>,
  turn: Turn,
): Promise<Leaves> {
  const { totalLength, pieceLength } = pieces;
  const pieceCount = Math.ceil(totalLength / pieceLength);
  const length = (piece: number): number =>
    Math.min(pieceLength, totalLength - piece * pieceLength);
  const check = async (): Promise<void> => {
    if (!(await file.isCurrent())) throw fileChanging();
  };
  const pause = async (position: number): Promise<void> => {
    await turn(totalLength - position);
    await check();
  };
  const handle = {
    read: async (into: Uint8Array, offset: number, bytes: number, position: number) => {
      return { bytesRead: await file.read(into.subarray(offset, offset + bytes), position) };
    },
  };
  const digests = new Uint8Array(pieceCount * DIGEST_LENGTH);
  const path = file.place.join('/');
  await hashPieces({ path, handle, pieceCount, length, pause, beside: true }, (piece, digest) => {
    digests.set(digest, piece * DIGEST_LENGTH);
    return true;
  });
  await check();
  return { ...pieces, digests };
}

async function reopen(root: Pick<Root, 'open'>, { place, version }: Located): Promise<OpenFile> {
  const file = await openFile(root, place).catch((error: unknown) => {
    throw hasCode(error, 'ERR_NOT_FOUND') ? fileChanging() : error;
  });
  if (file.version.stamp === version.stamp) return file;
  await file.close();
  throw fileChanging();
}
