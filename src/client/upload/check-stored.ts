// Whether a local file has the bytes of a CID, or of a hub's file. A hub may cut pieces of another
// length. Then it is asked for its manifest, and the file is hashed in the same way.
import type { CID } from 'multiformats/cid';
import { importPath } from '../../disk/import/import.ts';
import { Link } from '../../link/link.ts';
import { systemClock } from '../../runtime/clock.ts';
import { hasCode } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import { HttpClient } from '../http/http-client.ts';
import { namedCid } from '../http/names-cid.ts';
import { SourceFailure } from '../http/source-failure.ts';
import { untilNamed } from '../http/until-named.ts';
import { Patience } from '../mirrors/fail-over.ts';
import { fetchManifest } from '../mirrors/fetch-manifest.ts';

export interface StoredCheck {
  readonly path: string;
  /** URL of the file on the hub. */
  readonly url: URL;
  readonly cid: CID;
  readonly stallMs: number;
  readonly minBytesPerSecond?: number | undefined;
  readonly access?: Access | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** @throws HubswarmError ERR_NO_SOURCE if the server gives no blocks */
export async function hasSameBytes(check: StoredCheck): Promise<boolean> {
  const { path, url, cid, stallMs, emit, signal } = check;
  // First with the piece length that a hub uses by default.
  if ((await importPath(path, { signal })).manifest.root.equals(cid)) return true;
  const http = new HttpClient(check);
  try {
    const patience = new Patience(stallMs, systemClock);
    const context = { http, link: new Link(), patience, clock: systemClock, seed: 0, emit, signal };
    const { geometry } = await fetchManifest(context, cid, [url]);
    const pieceLength = Math.max(1, geometry.maxLength);
    return (await importPath(path, { pieceLength, signal })).manifest.root.equals(cid);
  } finally {
    http.close();
  }
}

/**
 * The CID of the hub's file if the local file has its bytes. Undefined if it has others, or if
 * nobody can tell: then sending them is safe.
 *
 * @param check.listed the CID that a listing names, if it names one
 */
export async function cidIfSame(
  check: Omit<StoredCheck, 'cid'> & { readonly listed: string | undefined },
): Promise<CID | undefined> {
  const { listed, signal } = check;
  try {
    const cid = namedCid(new Map([['x-ipfs-roots', listed ?? '']])) ?? (await askCid(check));
    return cid && (await hasSameBytes({ ...check, cid })) ? cid : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // The pieces have another length and the hub gives no blocks; or the file here is being written
    // to.
    const unknown = hasCode(error, 'ERR_NO_SOURCE') || hasCode(error, 'ERR_SOURCE_CHANGED');
    if (unknown || error instanceof SourceFailure) return undefined;
    throw error;
  }
}

async function askCid(check: Omit<StoredCheck, 'cid'>) {
  const { url, stallMs, signal } = check;
  const http = new HttpClient(check);
  try {
    const ask = async () => {
      const { headers, pump } = await http.request({ method: 'HEAD', url, signal });
      await pump(() => undefined);
      return headers;
    };
    return namedCid(await untilNamed(ask, { withinMs: stallMs, signal }));
  } finally {
    http.close();
  }
}
