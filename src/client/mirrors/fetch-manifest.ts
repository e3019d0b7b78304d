// Fetches the manifest of a file over HTTP, by its root CID. Inner blocks come from
// `<hub>/ipfs/<cid>?format=raw` (https://specs.ipfs.tech/http-gateways/trustless-gateway/), from
// any server that has them; each is hashed before use. A server without blocks may still serve the
// file's bytes, so failures here do not count against it there.
import type { CID } from 'multiformats/cid';
import { isRawCid, matchesCid } from '../../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../../content/geometry.ts';
import type { Manifest } from '../../content/manifest.ts';
import { type Resolved, resolveManifest } from '../../content/resolve.ts';
import type { Link } from '../../link/link.ts';
import { createRng } from '../../runtime/rng.ts';
import type { HttpClient } from '../http/http-client.ts';
import { routeUrl } from '../http/hub-url.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { type FailOver, tryMirrors } from './fail-over.ts';
import { Mirrors } from './mirrors.ts';

export interface ManifestContext extends Omit<FailOver, 'mirrors'> {
  readonly http: HttpClient;
  readonly link: Link;
  readonly seed: number;
  /** Told the blocks that the manifest is made of, as Resolved has them. */
  readonly onDag?: ((dag: Resolved['dag']) => void) | undefined;
}

/** Time limit of a block while there are others to ask. Chosen: a block is small. */
const FIRST_LIMIT_MS = 1000;
/** All servers may be slow: with each that is left the limit grows by this factor. */
const LIMIT_FACTOR = 3;
/** The longest limit: that of a silent connection. */
const MAX_LIMIT_MS = 10_000;

/**
 * @param files URLs of the file itself, in order of preference
 * @throws HubswarmError ERR_NO_SOURCE if no server gives the blocks, ERR_MANIFEST
 */
export async function fetchManifest(
  context: ManifestContext,
  root: CID,
  files: readonly URL[],
): Promise<Manifest> {
  const hubs = [...new Map(files.map((url) => [routeUrl(url, '').href, url])).values()];
  const mirrors = new Mirrors(hubs, createRng(context.seed));
  let limitMs = hubs.length > 1 ? FIRST_LIMIT_MS : Number.POSITIVE_INFINITY;
  const getBlock = (cid: CID): Promise<Uint8Array> =>
    tryMirrors({ ...context, mirrors }, async (url) => {
      const late = new AbortController();
      const timer = limitMs < MAX_LIMIT_MS ? setTimeout(() => late.abort(), limitMs) : undefined;
      try {
        const signal = AbortSignal.any([context.signal, late.signal]);
        return await fetchBlock({ ...context, signal }, url, cid);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!late.signal.aborted) throw error;
        const reason = `gave no block within ${limitMs / 1000} s`;
        limitMs *= LIMIT_FACTOR;
        throw new SourceFailure(reason, { cause: error });
      } finally {
        clearTimeout(timer);
      }
    });
  const options = { signal: context.signal, fileOnly: true };
  const { manifest, dag } = await resolveManifest(root, getBlock, options);
  context.onDag?.(dag);
  return manifest;
}

async function fetchBlock(context: ManifestContext, file: URL, cid: CID): Promise<Uint8Array> {
  const { http, link, signal } = context;
  const url = routeUrl(file, `ipfs/${cid}`);
  url.searchParams.set('format', 'raw');
  const accept = 'application/vnd.ipld.raw';
  let block: Uint8Array;
  try {
    block = await http.getBytes(url, MAX_PIECE_LENGTH, signal, { accept });
  } catch (error) {
    if (!(error instanceof SourceFailure && error.final && isRawCid(cid))) throw error;
    // A file of one piece is its own block: its own URL will do where /ipfs is missing.
    block = await http.getBytes(file, MAX_PIECE_LENGTH, signal);
  }
  if (!matchesCid(cid, block)) {
    throw new SourceFailure(`sent wrong bytes for block ${cid}`, { final: true });
  }
  await link.receive(block.length, signal);
  return block;
}
