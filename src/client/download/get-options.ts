// What a caller of getFile() chooses.
import type { Writable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import type { Link } from '../../link/link.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { DownloadRecords } from './download-records.ts';
import type { Target } from './target.ts';

export interface GetOptions {
  /** At least one URL; mirrors of one file, in the order of preference. */
  readonly urls: readonly URL[];
  /** The user's -o: a file, an existing directory, or '-' for standard output. */
  readonly output?: string | undefined;
  /** The target, if the caller has chosen it already; `output` is then ignored. */
  readonly target?: Target | undefined;
  /** The CID that the file must have; if left out, the one that the mirrors name. */
  readonly cid?: CID | undefined;
  readonly force?: boolean | undefined;
  /** Where downloads are recorded, so that an unchanged file is not fetched again. */
  readonly records?: DownloadRecords | undefined;
  /** False: the file gets the time of its download, and no executable bit. */
  readonly preserve?: boolean | undefined;
  /** False: fetch only from the given servers (and where they redirect to). */
  readonly followMirrors?: boolean | undefined;
  /** Most connections to each host. */
  readonly connectionsPerHost?: number | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  /** Limit without progress, in ms. */
  readonly timeoutMs: number;
  readonly access?: Access | undefined;
  /** A mirror that is silent for so long, in ms, is left for another one, or asked again. */
  readonly stallMs?: number | undefined;
  /** Resources that several transfers share; their owner closes them. */
  readonly shared?: { readonly http: HttpClient; readonly link: Link } | undefined;
  readonly stdout: Writable;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}
