// Whether a file here has the bytes that a CID names. A hub may cut pieces of
// another length: then it is asked for its manifest, and the file is hashed alike.
import type { CID } from 'multiformats/cid';
import { importPath } from '../content/import.ts';
import { Link } from '../link/link.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Access } from './access.ts';
import { Patience } from './fail-over.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { HttpClient } from './http-client.ts';

export interface StoredCheck {
  readonly path: string;
  /** Of the file on the hub. */
  readonly url: URL;
  readonly cid: CID;
  readonly stallMs: number;
  readonly access?: Access | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** @throws HubswarmError ERR_NO_SOURCE when the server gives no blocks */
export async function hasSameBytes(check: StoredCheck): Promise<boolean> {
  const { path, url, cid, stallMs, emit, signal } = check;
  // As a hub cuts them unless it was told otherwise.
  if ((await importPath(path, { signal })).manifest.root.equals(cid)) return true;
  const http = new HttpClient({ stallMs, access: check.access });
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
