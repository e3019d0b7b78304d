// Fetches the small files of a directory by its archive. Nothing in an archive is believed: a path only
// finds the listed file, whose CID proves the bytes. What does not come so is fetched one by one.
import { SourceFailure } from '../http/source-failure.ts';
import type { ArchivePlan } from './archive-plan.ts';
import type { SmallFetch } from './fetch-small.ts';
import type { RemoteFile } from './remote/remote-tree.ts';
import { isContentOf, MOST_SMALL_BYTES } from './small-file.ts';
import { TarReader } from './tar-reader.ts';

export interface Arrived {
  readonly file: RemoteFile;
  readonly bytes: Uint8Array;
}

/** Room for what came to the directory since it was listed. Chosen. */
const MORE_BYTES = 2 ** 20;

/**
 * @param take nothing more is read before its promise settles
 * @throws what `take` throws; the signal's reason
 */
export async function fetchArchive(
  plan: ArchivePlan,
  { http, link, signal }: SmallFetch,
  take: (arrived: readonly Arrived[]) => Promise<void>,
): Promise<void> {
  const url = new URL(plan.url);
  url.search = 'archive=tar';
  const reader = new TarReader(MOST_SMALL_BYTES);
  let left = 2 * plan.bytes + MORE_BYTES;
  try {
    const response = await http.request({ method: 'GET', url, signal });
    if (response.status !== 200 || !isTar(response.headers.get('content-type'))) {
      return response.discard();
    }
    await response.pump((chunk) => {
      left -= chunk.length;
      if (left < 0) throw new SourceFailure('sent too long an archive');
      const arrived = [...filesIn(reader.take(chunk), plan)];
      const wait = link.receive(chunk.length, signal);
      return arrived.length === 0 ? wait : Promise.resolve(wait).then(() => take(arrived));
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SourceFailure)) throw error;
  }
}

function* filesIn(entries: ReturnType<TarReader['take']>, { files }: ArchivePlan) {
  for (const { path, bytes } of entries) {
    // Below the name that the archive gives its top.
    const file = files.get(path.slice(path.indexOf('/') + 1));
    if (file?.bytes === bytes.length && isContentOf(file, bytes)) {
      yield { file, bytes: Uint8Array.from(bytes) };
    }
  }
}

const isTar = (type: string | undefined): boolean => type?.split(';')[0] === 'application/x-tar';
