// One block as a gateway sees it: what it leads to, and by which names. It takes what other programs
// make, too: file bytes within dag-pb, dag-cbor documents, dag-pb that is no UnixFS. What is hashed into
// a manifest is judged strictly, by content/dag-node.ts.
// Source: https://specs.ipfs.tech/unixfs/, https://ipld.io/specs/codecs/dag-cbor/
import * as dagCbor from '@ipld/dag-cbor';
import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';

export interface NamedLink {
  readonly name: string;
  readonly cid: CID;
}

/** A part of a file: its own bytes come first, then those below its links. */
export interface FileNode {
  readonly kind: 'file';
  readonly ownBytes: number;
  readonly parts: readonly { readonly cid: CID; readonly bytes: number }[];
}

/** A directory, or a part of one whose names are spread by their hash. */
export interface DirectoryNode {
  readonly kind: 'directory' | 'shard';
  readonly links: readonly NamedLink[];
  /** Links of a shard: 2^bits at most. */
  readonly bits: number;
}

/** Number of hexadecimal digits before the names in a shard; a link with no more leads to a further shard. */
export const prefixLength = ({ bits }: DirectoryNode): number => Math.ceil(bits / 4);

/** Data whose links stand anywhere in it. */
interface DocumentNode {
  readonly kind: 'document';
  readonly value: unknown;
}

/** A block that no name leads out of. */
interface PlainNode {
  readonly kind: 'plain';
  readonly links: readonly NamedLink[];
}

export type IpldNode = FileNode | DirectoryNode | DocumentNode | PlainNode;

const PLAIN: PlainNode = { kind: 'plain', links: [] };

/** A block that is not of its CID's codec, or lies too deep. */
export class UnreadableBlock extends Error {
  override readonly name = 'UnreadableBlock';
}

/** @throws UnreadableBlock */
export function readNode(cid: CID, block: Uint8Array): IpldNode {
  try {
    return decoded(cid, block);
  } catch (cause) {
    throw new UnreadableBlock(`${cid} cannot be read`, { cause });
  }
}

function decoded(cid: CID, block: Uint8Array): IpldNode {
  if (cid.code === raw.code) return { kind: 'file', ownBytes: block.length, parts: [] };
  if (cid.code === dagCbor.code) return { kind: 'document', value: dagCbor.decode(block) };
  return cid.code === dagPb.code ? unixFsNode(dagPb.decode(block)) : PLAIN;
}

function unixFsNode({ Data, Links }: dagPb.PBNode): IpldNode {
  const links = Links.map(({ Name, Hash }) => ({ name: Name ?? '', cid: Hash }));
  const unixFs = Data && unmarshalled(Data);
  switch (unixFs?.type) {
    case 'file':
    case 'raw':
      return {
        kind: 'file',
        ownBytes: unixFs.data?.length ?? 0,
        parts: links.map(({ cid }, i) => ({ cid, bytes: Number(unixFs.blockSizes[i] ?? 0) })),
      };
    case 'directory':
      return { kind: 'directory', links, bits: 0 };
    case 'hamt-sharded-directory':
      return { kind: 'shard', links, bits: Math.log2(Number(unixFs.fanout ?? 0)) };
    default:
      return { kind: 'plain', links };
  }
}

function unmarshalled(data: Uint8Array): UnixFS | undefined {
  try {
    return UnixFS.unmarshal(data);
  } catch {
    return undefined;
  }
}

/** All blocks that it leads to, in order. */
export function linksOf(node: IpldNode): readonly CID[] {
  switch (node.kind) {
    case 'file':
      return node.parts.map(({ cid }) => cid);
    case 'document':
      return linksIn(node.value);
    default:
      return node.links.map(({ cid }) => cid);
  }
}

function linksIn(value: unknown): CID[] {
  const link = CID.asCID(value);
  if (link) return [link];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.values(value).flatMap(linksIn);
}
