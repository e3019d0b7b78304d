// Records what the files of a download hashed to, as sharing them would: later downloads find their
// pieces there, and sharing them again reads nothing.
import { DIGEST_LENGTH, type Manifest } from '../../content/manifest.ts';
import { atOnce } from '../../runtime/at-once.ts';
import { fileCallsAt } from '../file-system/file-calls.ts';
import { stampOf, stampsAged } from '../file-system/stamp-age.ts';
import { HashedFiles } from './hashed-files.ts';
import { isUnchanged, type SourceFile } from './source.ts';

/** Files looked at at once: it hides what the file system takes for each. Chosen. */
const FILES_AT_ONCE = 16;

/**
 * A file that was written to since it was verified is left out.
 *
 * @param directory of all records
 * @param target where the content lies, absolute
 * @throws HubswarmError of the file system
 */
export async function recordDownload(
  directory: string,
  target: string,
  { manifest, sources }: { readonly manifest: Manifest; readonly sources: readonly SourceFile[] },
): Promise<void> {
  const { geometry, digests } = manifest;
  const hashed = await HashedFiles.open(directory, target, true);
  const calls = await fileCallsAt(target);
  const stamps: (string | undefined)[] = [];
  await atOnce(sources.entries(), FILES_AT_ONCE, async ([index, source]) => {
    const stats = await calls.lstatIfAny(source.path).catch(() => undefined);
    if (!stats || !isUnchanged(source, stats)) return;
    await stampsAged([stats.mtimeMs, stats.ctimeMs]);
    stamps[index] = stampOf(stats);
  });
  for (const [index, { firstPiece, pieceCount, length }] of manifest.files.entries()) {
    const stamp = stamps[index];
    const ownLength = pieceCount > 1 ? geometry.length(firstPiece) : geometry.maxLength;
    if (stamp === undefined || ownLength !== geometry.maxLength) continue;
    const own = digests.subarray(
      firstPiece * DIGEST_LENGTH,
      (firstPiece + pieceCount) * DIGEST_LENGTH,
    );
    hashed.add(sources[index]!.path, stamp, ownLength, length, own);
  }
  await hashed.save();
}
