// Downloads a file that a hub has not hashed yet. Its bytes are fetched at once, unverified;
// meanwhile the hub is asked for the CID. When it names one, this download ends, and its bytes
// become the beginning of a verified download, which hashes them first. If the file changed
// meanwhile, only the changed pieces are lost.
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../content/manifest.ts';
import { partialOf } from '../../disk/place/partial-name.ts';
import { askHead } from '../http/ask-head.ts';
import { isPending, namedCid } from '../http/names-cid.ts';
import { untilNamed } from '../http/until-named.ts';
import { fetchManifest, type ManifestContext } from '../mirrors/fetch-manifest.ts';
import type { Probed } from '../mirrors/probe.ts';
import type { Gotten } from './get-plain.ts';
import { handOver } from './plain-file.ts';

/**
 * Wait for the CID after the last byte. Chosen: a short file is here before the hub has hashed it.
 */
const GRACE_MS = 2000;

export interface EarlyGet {
  /** The path of the file on disk. */
  readonly target: string;
  /** Runs the unverified download until the signal aborts. */
  readonly download: (signal: AbortSignal) => Promise<Gotten>;
  /** Resolves when the hub has named the CID; to undefined if it will not. */
  readonly findManifest: (signal: AbortSignal) => Promise<Manifest | undefined>;
  readonly signal: AbortSignal;
}

export interface Early {
  /** Set if the unverified download ended, and the file has its name. */
  readonly gotten: Gotten | undefined;
  /** Set if the file can be verified now. */
  readonly manifest: Manifest | undefined;
}

/** At least one of the two fields is set. */
export async function getEarly({
  target,
  download,
  findManifest,
  signal,
}: EarlyGet): Promise<Early> {
  const switching = new AbortController();
  const over = new AbortController();
  const named = findManifest(AbortSignal.any([signal, over.signal]))
    .then(async (manifest) => {
      if (!manifest) return undefined;
      await handOver(target, partialOf(manifest.root, resolve(target)));
      switching.abort();
      return manifest;
    })
    // The file then stays unverified.
    .catch(() => undefined);
  try {
    const gotten = await download(AbortSignal.any([signal, switching.signal]));
    await Promise.race([named, delay(GRACE_MS, undefined, { signal })]);
    over.abort();
    return { gotten, manifest: await named };
  } catch (error) {
    signal.throwIfAborted();
    if (!switching.signal.aborted) throw error;
    return { gotten: undefined, manifest: await named };
  } finally {
    over.abort();
  }
}

/** The first hub that has the file and will name its CID. */
export function pendingHub(probed: readonly Probed[]): Probed | undefined {
  return probed.find(({ headers }) => isPending(headers));
}

/** The hub's answer once it has hashed the file, or once the time is over. */
export function untilHashed(
  { http, signal }: Pick<ManifestContext, 'http' | 'signal'>,
  { finalUrl: url, headers: before }: Probed,
  withinMs = Number.POSITIVE_INFINITY,
): Promise<ReadonlyMap<string, string>> {
  // The hub may come back.
  const ask = async () => (await askHead(http, { url, signal }))?.headers ?? before;
  return untilNamed(ask, { withinMs, signal });
}

/** @throws the signal's reason, and as fetchManifest() does */
export async function manifestOnceHashed(
  context: ManifestContext,
  hub: Probed,
): Promise<Manifest | undefined> {
  const cid = namedCid(await untilHashed(context, hub));
  return cid && fetchManifest(context, cid, [hub.finalUrl]);
}
