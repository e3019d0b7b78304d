// One thing that the daemon shares: a path, the content that lay there when it was shared, and what
// became of it since. A file of one piece is no more than its CID and its stamp, since there may be many.
import type { CID } from 'multiformats/cid';
import { manifestOfLeaf } from '../content/manifest-of.ts';
import type { FileStore } from '../disk/file-store.ts';
import type { Imported } from '../disk/import/import.ts';
import type { SourceFile } from '../disk/import/source.ts';
import { HubswarmError } from '../runtime/errors.ts';

/** How a share is: served, not as it was hashed, or over because a limit was reached. */
export type ShareState = 'shared' | 'changed' | 'removed' | 'unreadable' | 'ratio' | 'time';

/** What is shared. */
export interface SharedContent {
  readonly name: string;
  readonly cid: CID;
  readonly bytes: number;
  readonly kind: 'file' | 'directory';
  /** The files as they were hashed. */
  readonly sources: readonly SourceFile[];
  /** Absent for a file that is one leaf. */
  readonly tree?: Pick<Imported, 'manifest' | 'dag'>;
}

export interface Share extends SharedContent {
  /** Absolute; no two shares have the same. */
  readonly path: string;
  /** Milliseconds of the epoch. */
  readonly sharedAt: number;
  /** Payload sent to others so far, in all runs of the daemon. */
  sentBytes: number;
  state: ShareState;
}

/** Whether a limit was reached: it is not served any more. */
export const isOver = ({ state }: Pick<Share, 'state'>): boolean =>
  state === 'ratio' || state === 'time';

const NO_BLOCKS: ReadonlyMap<string, Uint8Array> = new Map();

export function toImported({ name, cid, bytes, sources, tree }: SharedContent): Imported {
  const { manifest, dag } = tree ?? {
    manifest: manifestOfLeaf({ cid, length: bytes }),
    dag: NO_BLOCKS,
  };
  return { name, manifest, dag, sources };
}

export function contentOf({ name, manifest, dag, sources }: Imported): SharedContent {
  const { root: cid, kind, geometry } = manifest;
  const tree = dag.size > 0 ? { tree: { manifest, dag } } : {};
  return { name, cid, bytes: geometry.totalLength, kind, sources, ...tree };
}

/** What is served of a content that was fetched. @throws HubswarmError if it was not published */
export function fetchedFrom(
  { manifest, sources }: FileStore,
  held: Pick<Imported, 'name' | 'dag'>,
): Imported {
  if (!sources) throw new HubswarmError('ERR_INCOMPLETE', `${held.name}: is not whole yet`);
  return { manifest, sources, name: held.name, dag: held.dag };
}
