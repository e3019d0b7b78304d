// Decodes one inner block of a UnixFS DAG and checks it by itself: its kind, its links, and that
// links and lengths agree. The walk (resolve.ts) checks its children. Source:
// https://specs.ipfs.tech/unixfs/
import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import type { CID } from 'multiformats/cid';
import { HubswarmError } from '../runtime/errors.ts';
import type { FileAttributes } from './attributes.ts';
import { attributesOf } from './unixfs-attributes.ts';

export interface FileNode {
  readonly kind: 'file';
  /** Bytes of content below this node: the sum of its children's. */
  readonly length: number;
  readonly attributes: FileAttributes | undefined;
  readonly children: readonly { readonly cid: CID; readonly length: number }[];
}

export interface DirectoryNode {
  readonly kind: 'directory' | 'shard';
  /** What the root of its shards says. */
  readonly attributes: FileAttributes | undefined;
  /** Number of hexadecimal digits before an entry's name in a shard's links. */
  readonly prefixLength: number;
  readonly links: readonly { readonly cid: CID; readonly name: string; readonly tsize: number }[];
}

interface LinkNode {
  readonly kind: 'link';
  readonly target: string;
}

export type DagNode = FileNode | DirectoryNode | LinkNode;

export function manifestError(cid: CID, what: string, cause?: unknown): HubswarmError {
  return new HubswarmError('ERR_MANIFEST', `${cid}: ${what}`, cause ? { cause } : {});
}

/** @throws HubswarmError ERR_MANIFEST */
export function decodeNode(cid: CID, block: Uint8Array): DagNode {
  let links: dagPb.PBLink[];
  let unixfs: UnixFS;
  try {
    const node = dagPb.decode(block);
    if (!node.Data) throw new Error('it has no data field');
    links = node.Links;
    unixfs = UnixFS.unmarshal(node.Data);
  } catch (cause) {
    throw manifestError(cid, 'is not a UnixFS node', cause);
  }
  switch (unixfs.type) {
    case 'file':
    case 'raw':
      return fileNode(cid, unixfs, links);
    case 'directory':
      return { kind: 'directory', prefixLength: 0, ...directoryFacts(cid, unixfs, links) };
    case 'hamt-sharded-directory':
      return {
        kind: 'shard',
        prefixLength: prefixLength(cid, unixfs.fanout),
        ...directoryFacts(cid, unixfs, links),
      };
    case 'symlink':
      return { kind: 'link', target: targetOf(cid, unixfs.data) };
    default:
      throw manifestError(
        cid,
        `is a UnixFS ${unixfs.type}; only files, directories and links are handled`,
      );
  }
}

function directoryFacts(cid: CID, unixfs: UnixFS, links: readonly dagPb.PBLink[]) {
  return { attributes: attributesOf(unixfs), links: links.map((link) => named(cid, link)) };
}

function targetOf(cid: CID, data: Uint8Array = new Uint8Array()): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw manifestError(cid, 'is a UnixFS symlink to a path that is not UTF-8', cause);
  }
}

function fileNode(cid: CID, unixfs: UnixFS, links: readonly dagPb.PBLink[]): FileNode {
  if (unixfs.data && unixfs.data.length > 0) {
    throw manifestError(
      cid,
      'holds file bytes in a dag-pb node; only raw leaves are handled (add the file with --cid-version=1 or --raw-leaves)',
    );
  }
  if (unixfs.blockSizes.length !== links.length) {
    throw manifestError(cid, `has ${links.length} links and ${unixfs.blockSizes.length} lengths`);
  }
  let total = 0;
  const children = links.map(({ Hash }, i) => {
    const length = Number(unixfs.blockSizes[i]);
    total += length;
    if (length < 1 || !Number.isSafeInteger(total)) {
      throw manifestError(cid, `gives child ${i} a length of ${unixfs.blockSizes[i]}`);
    }
    return { cid: Hash, length };
  });
  return { kind: 'file', length: total, attributes: attributesOf(unixfs), children };
}

function named(cid: CID, { Hash, Name, Tsize }: dagPb.PBLink): DirectoryNode['links'][number] {
  if (Name === undefined || Tsize === undefined || !Number.isSafeInteger(Tsize)) {
    throw manifestError(cid, 'has a directory entry without a name or a size');
  }
  return { cid: Hash, name: Name, tsize: Tsize };
}

/** The name of an entry; undefined for a link to a further shard of the same directory. */
export function entryName(
  { kind, prefixLength }: DirectoryNode,
  { name }: DirectoryNode['links'][number],
): string | undefined {
  const isShard = kind === 'shard' && name.length === prefixLength;
  return isShard ? undefined : name.slice(prefixLength);
}

/** boxo and the specification bound the fanout at 1024, a power of two. */
const MAX_FANOUT = 1024;

function prefixLength(cid: CID, fanout: bigint | undefined): number {
  const width = Number(fanout ?? 0);
  if (width < 2 || width > MAX_FANOUT || !Number.isInteger(Math.log2(width))) {
    throw manifestError(cid, `is a directory shard with a fanout of ${width}`);
  }
  return (width - 1).toString(16).length;
}
