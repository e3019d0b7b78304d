// The digests of a version's pieces, read through a descriptor of its own: whoever asked
// for the file need not stay. It ends as soon as the file is another version.
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Leaves } from '../../content/file-dag.ts';
import { DIGEST_LENGTH } from '../../content/manifest.ts';
import { hashPieces } from '../../disk/hash-pieces.ts';
import { hasCode, systemCode } from '../../runtime/errors.ts';
import { fileChanging } from '../../runtime/refusal.ts';
import type { Turn } from './hashing-queue.ts';
import { type StampedFile, stampOf } from './stamp.ts';

/**
 * @param pieces what the file is cut into
 * @throws Refusal ERR_SOURCE_CHANGED when it changes, or has another name by now
 */
export async function hashVersion(
  { path, stats }: StampedFile,
  pieces: Omit<Leaves, 'digests'>,
  turn: Turn,
): Promise<Leaves> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const check = async (): Promise<void> => checkSame(stats, await handle.stat());
      const { totalLength, pieceLength } = pieces;
      const pieceCount = Math.ceil(totalLength / pieceLength);
      const length = (piece: number): number =>
        Math.min(pieceLength, totalLength - piece * pieceLength);
      const pause = async (position: number): Promise<void> => {
        await turn(totalLength - position);
        await check();
      };
      const digests = new Uint8Array(pieceCount * DIGEST_LENGTH);
      await check();
      await hashPieces(
        { path, handle, pieceCount, length, pause, beside: true },
        (piece, digest) => {
          digests.set(digest, piece * DIGEST_LENGTH);
          return true;
        },
      );
      await check();
      return { ...pieces, digests };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const gone = hasCode(error, 'ERR_SOURCE_CHANGED') || systemCode(error) === 'ENOENT';
    throw gone ? fileChanging() : error;
  }
}

function checkSame(before: Stats, now: Stats): void {
  if (stampOf(now) !== stampOf(before)) throw fileChanging();
}
