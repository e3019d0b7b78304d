// Walks a DAG for a CAR: along a path first, then what is wanted of the block at its end, depth first.
// What each wish needs: https://specs.ipfs.tech/http-gateways/trustless-gateway/ (dag-scope, entity-bytes)
import { CID } from 'multiformats/cid';
import { digestKey } from '../content/cid.ts';
import {
  type DirectoryNode,
  type FileNode,
  type IpldNode,
  linksOf,
  prefixLength,
  readNode,
  UnreadableBlock,
} from './ipld-node.ts';
import { ShardPath } from './shard-path.ts';

/** The multihash code of a CID that holds its bytes itself. */
const IDENTITY = 0;
/** Deepest walk. Chosen: a file system's paths stay far below. */
const MOST_LEVELS = 256;

export interface Block {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

export interface BlockSource {
  /** The bytes of a block, which are those that the CID names; undefined if it is not here. */
  get(cid: CID): Promise<Uint8Array | undefined>;
  /** Takes bytes back that it gave and nobody reads any more, if it has a use for them. */
  release?(bytes: Uint8Array): void;
}

/** A range of a file's bytes; what is below zero counts from its end. */
export interface EntityBytes {
  readonly from: number;
  /** The last byte wanted; undefined for all that follow. */
  readonly to: number | undefined;
}

export interface CarWish {
  /** The block alone; a file, or the names of a directory; or all that is below. */
  readonly scope: 'block' | 'entity' | 'all';
  readonly bytes?: EntityBytes | undefined;
  /** Whether a block comes each time that the walk passes it. */
  readonly duplicates: boolean;
}

/** A block that is not here: a CAR that has begun cannot be ended well. */
export class MissingBlock extends Error {
  override readonly name = 'MissingBlock';
}

/** Whether the CID holds its bytes itself: such a block is never sent. */
export const holdsItsBytes = (cid: CID): boolean => cid.multihash.code === IDENTITY;

/** @throws MissingBlock */
async function read(source: BlockSource, cid: CID): Promise<Block> {
  const bytes = holdsItsBytes(cid) ? cid.multihash.digest : await source.get(cid);
  if (bytes) return { cid, bytes };
  throw new MissingBlock(`${cid} is not here`);
}

/** Where a path leads. */
export interface Resolved {
  /** The blocks from the root to the one that the path names, which is the last one. */
  readonly passed: readonly Block[];
  /** The root, and what each link on the path leads to. */
  readonly roots: readonly CID[];
}

/**
 * Undefined if the path names nothing.
 *
 * @throws MissingBlock, UnreadableBlock
 */
export async function resolvePath(
  source: BlockSource,
  root: CID,
  path: readonly string[],
): Promise<Resolved | undefined> {
  const passed = [await read(source, root)];
  const roots = [root];
  let rest = path;
  while (rest.length > 0) {
    const { cid, bytes } = passed.at(-1)!;
    const node = readNode(cid, bytes);
    const found = node.kind === 'document' ? within(node.value, rest) : undefined;
    const next = found ? found.cid : await entryOf(source, node, rest[0]!, passed);
    if (!next) return undefined;
    passed.push(await read(source, next));
    roots.push(next);
    rest = rest.slice(found ? found.taken : 1);
  }
  return { passed, roots };
}

/** The first link on a path through a document, and the number of names that lead to it. */
function within(
  document: unknown,
  path: readonly string[],
): { cid: CID; taken: number } | undefined {
  let value = document;
  for (const [i, name] of path.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
    const cid = CID.asCID(value);
    if (cid) return { cid, taken: i + 1 };
  }
  return undefined;
}

/** Adds the shards on the way to `passed`. */
async function entryOf(
  source: BlockSource,
  node: IpldNode,
  name: string,
  passed: Block[],
): Promise<CID | undefined> {
  if (node.kind === 'file' || node.kind === 'document') return undefined;
  if (node.kind !== 'shard') return node.links.find((link) => link.name === name)?.cid;
  const path = await ShardPath.of(name);
  let shard: DirectoryNode = node;
  for (;;) {
    const link = path.next(shard);
    if (!link || link.isEntry) return link?.cid;
    const block = await read(source, link.cid);
    const below = readNode(block.cid, block.bytes);
    if (below.kind !== 'shard') return undefined;
    passed.push(block);
    shard = below;
  }
}

/**
 * The blocks of a CAR, those on the path to the entity first.
 *
 * @param passed as resolvePath() gave them
 * @throws MissingBlock, UnreadableBlock
 */
export async function* carBlocks(
  source: BlockSource,
  passed: readonly Block[],
  wish: CarWish,
): AsyncGenerator<Block> {
  const sent = wish.duplicates ? undefined : new Set<string>();
  const isNew = ({ multihash, code }: CID): boolean => {
    if (!sent) return true;
    const key = `${code} ${digestKey(multihash.digest)}`;
    const isFirst = !sent.has(key);
    sent.add(key);
    return isFirst;
  };
  for await (const block of walked(source, passed, wish, isNew)) {
    if (!holdsItsBytes(block.cid)) yield block;
  }
}

async function* walked(
  source: BlockSource,
  passed: readonly Block[],
  wish: CarWish,
  isNew: (cid: CID) => boolean,
): AsyncGenerator<Block> {
  for (const block of passed) if (isNew(block.cid)) yield block;
  if (wish.scope === 'block') return;
  const last = passed.at(-1)!;
  const node = readNode(last.cid, last.bytes);
  const range = node.kind === 'file' ? rangeOf(node, wish.bytes) : undefined;
  yield* below(source, node, { all: wish.scope === 'all', range, isNew, level: 0 });
}

/** Bytes of a file from `first` to `last`, both counted. */
interface Range {
  readonly first: number;
  readonly last: number;
}

interface Step {
  /** Whether what a name leads to is wanted as well. */
  readonly all: boolean;
  /** Bytes wanted of the file that begins with this node; undefined for all. */
  readonly range: Range | undefined;
  readonly isNew: (cid: CID) => boolean;
  readonly level: number;
}

function rangeOf(node: FileNode, bytes: EntityBytes | undefined): Range | undefined {
  if (!bytes) return undefined;
  const length = node.parts.reduce((sum, part) => sum + part.bytes, node.ownBytes);
  const at = (position: number): number => (position < 0 ? length + position : position);
  return { first: Math.max(0, at(bytes.from)), last: at(bytes.to ?? length - 1) };
}

async function* below(source: BlockSource, node: IpldNode, step: Step): AsyncGenerator<Block> {
  if (step.level > MOST_LEVELS) throw new UnreadableBlock(`deeper than ${MOST_LEVELS} levels`);
  for (const { cid, range } of wantedOf(node, step)) {
    const isNew = step.isNew(cid);
    // All below a block that was sent was sent with it, unless a part alone was wanted.
    if (!isNew && !step.range) continue;
    const block = await read(source, cid);
    if (isNew) yield block;
    yield* below(source, readNode(cid, block.bytes), { ...step, range, level: step.level + 1 });
  }
}

interface Wanted {
  readonly cid: CID;
  readonly range?: Range | undefined;
}

function wantedOf(node: IpldNode, { all, range }: Step): readonly Wanted[] {
  if (node.kind === 'file') return range ? partsIn(node, range) : node.parts;
  if (all) return linksOf(node).map((cid) => ({ cid }));
  return node.kind === 'shard' ? shardsOf(node) : [];
}

/** The parts of a file that hold bytes of the range, each with its own range. */
function partsIn({ ownBytes, parts }: FileNode, { first, last }: Range): Wanted[] {
  let begin = ownBytes;
  return parts.flatMap(({ cid, bytes }) => {
    const at = begin;
    begin += bytes;
    if (first > last || at > last || begin <= first) return [];
    return [{ cid, range: { first: Math.max(0, first - at), last: last - at } }];
  });
}

/** The shards of the same directory: their links have no name behind the digits. */
function shardsOf(shard: DirectoryNode): Wanted[] {
  const digits = prefixLength(shard);
  return shard.links.filter(({ name }) => name.length === digits);
}
