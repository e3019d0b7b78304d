// From a root CID to the manifest, over HTTP: inner blocks come from
// `<origin>/ipfs/<cid>?format=raw` (https://specs.ipfs.tech/http-gateways/trustless-gateway/),
// from whichever origin has them, and each is hashed before use. An origin that
// has no blocks is still good for bytes, so it is judged here apart from those.
import type { CID } from 'multiformats/cid';
import { isRawCid, matchesCid } from '../../content/cid.ts';
import { MAX_PIECE_LENGTH } from '../../content/geometry.ts';
import type { Manifest } from '../../content/manifest.ts';
import { resolveManifest } from '../../content/resolve.ts';
import type { Link } from '../../link/link.ts';
import { createRng } from '../../runtime/rng.ts';
import type { HttpClient } from '../http/http-client.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { type FailOver, tryMirrors } from './fail-over.ts';
import { Mirrors } from './mirrors.ts';

export interface ManifestContext extends Omit<FailOver, 'mirrors'> {
  readonly http: HttpClient;
  readonly link: Link;
  readonly seed: number;
}

/** Chosen: a block is small; while there are others to ask, a silent origin holds up nobody. */
const FIRST_LIMIT_MS = 1000;
/** They may all be slow: each one that is left makes the next wait longer. */
const LIMIT_FACTOR = 3;
/** The connection's own time for silence is not longer. */
const MAX_LIMIT_MS = 10_000;

/**
 * @param files URLs of the file itself, in order of preference.
 * @throws HubswarmError ERR_NO_SOURCE when no origin gives the blocks, ERR_MANIFEST
 */
export async function fetchManifest(
  context: ManifestContext,
  root: CID,
  files: readonly URL[],
): Promise<Manifest> {
  const origins = [...new Map(files.map((url) => [url.origin, url])).values()];
  const mirrors = new Mirrors(origins, createRng(context.seed));
  let limitMs = origins.length > 1 ? FIRST_LIMIT_MS : Number.POSITIVE_INFINITY;
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
  const { manifest } = await resolveManifest(root, getBlock, { signal: context.signal });
  return manifest;
}

async function fetchBlock(context: ManifestContext, file: URL, cid: CID): Promise<Uint8Array> {
  const { http, link, signal } = context;
  const url = new URL(`/ipfs/${cid}?format=raw`, file);
  url.username = file.username;
  url.password = file.password;
  const accept = 'application/vnd.ipld.raw';
  let block: Uint8Array;
  try {
    block = await http.getBytes(url, MAX_PIECE_LENGTH, signal, { accept });
  } catch (error) {
    if (!(error instanceof SourceFailure && error.final && isRawCid(cid))) throw error;
    // A file of one piece is its own block: the path will do where /ipfs is missing.
    block = await http.getBytes(file, MAX_PIECE_LENGTH, signal);
  }
  if (!matchesCid(cid, block)) {
    throw new SourceFailure(`sent wrong bytes for block ${cid}`, { final: true });
  }
  await link.receive(block.length, signal);
  return block;
}
