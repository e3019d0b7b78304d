// What a caller of getFile() chooses.
import type { Writable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import type { Manifest } from '../../content/manifest.ts';
import type { FileStore } from '../../disk/file-store.ts';
import type { Link } from '../../link/link.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Access } from '../http/access.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Patience } from '../mirrors/fail-over.ts';
import type { DownloadRecords } from './download-records.ts';
import type { Target } from './target.ts';

/** The pieces of one verified file that is fetched into a file. */
export interface PieceWork {
  readonly name: string;
  readonly manifest: Manifest;
  /** The blocks that the manifest is made of, depth first from the root. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  readonly store: FileStore;
  /** Where the file lies, in the order of preference. */
  readonly urls: readonly URL[];
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Must be called after each piece, with its length. */
  onPiece(bytes: number): void;
  /** Leaves the store open; the caller closes it. */
  keepOpen(): void;
  /** Fetches from the URLs alone, as without this. */
  plain(): Promise<void>;
}

/** What a caller chooses for a transfer of a file or a directory. */
export interface TransferOptions {
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  /** Limit without progress, in ms. */
  readonly timeoutMs: number;
  /** Least mean rate, by the user's option; 0 for none, and that of HttpClient if left out. */
  readonly minBytesPerSecond?: number | undefined;
  readonly access?: Access | undefined;
  readonly stdout: Writable;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface GetOptions extends TransferOptions {
  /** At least one URL; mirrors of one file, in the order of preference. */
  readonly urls: readonly URL[];
  /** The user's -o: a file, an existing directory, or '-' for standard output. */
  readonly output?: string | undefined;
  /** Whether the output is a directory, to be made if it is missing once a server has the file. */
  readonly makesDirectory?: boolean | undefined;
  /** The target, if the caller has chosen it already; `output` is then ignored. */
  readonly target?: Target | undefined;
  /** The CID that the file must have; if left out, the one that the mirrors name. */
  readonly cid?: CID | undefined;
  /** Fetches the pieces in another way than from the URLs alone. @throws HubswarmError */
  readonly fetchPieces?: ((work: PieceWork) => Promise<void>) | undefined;
  readonly force?: boolean | undefined;
  /** Where downloads are recorded, so that an unchanged file is not fetched again. */
  readonly records?: DownloadRecords | undefined;
  /** False: the file gets the time of its download, and no executable bit. */
  readonly preserve?: boolean | undefined;
  /** False: fetch only from the given servers (and where they redirect to). */
  readonly followMirrors?: boolean | undefined;
  /** Most connections to each host. */
  readonly connectionsPerHost?: number | undefined;
  /** A mirror that is silent for so long, in ms, is left for another one, or asked again. */
  readonly stallMs?: number | undefined;
  /** Resources that several transfers share; their owner closes them. */
  readonly shared?: { readonly http: HttpClient; readonly link: Link } | undefined;
}
