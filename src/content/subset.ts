// A file or directory inside a directory, which has a CID of its own: its manifest and its DAG are
// part of the directory's. So one that is whole is also content by itself, and can be asked for
// without the rest. Pure.
import type { CID } from 'multiformats/cid';
import { HubswarmError } from '../runtime/errors.ts';
import { invariant } from '../runtime/invariant.ts';
import { showText } from '../runtime/shown-text.ts';
import { isRawCid } from './cid.ts';
import { type DagNode, decodeNode, entryName } from './dag-node.ts';
import { Geometry } from './geometry.ts';
import { DIGEST_LENGTH, type Manifest } from './manifest.ts';
import type { Resolved } from './resolve.ts';

export interface Subset {
  readonly manifest: Manifest;
  /** The inner blocks by CID, depth first from its root; empty when that is a leaf. */
  readonly dag: ReadonlyMap<string, Uint8Array>;
  /** Index of its first file among those of the directory. */
  readonly firstFile: number;
}

/** Most names in a message: what a person reads. Chosen. */
const MOST_NAMED = 8;

/**
 * Follows a path down the DAG of a directory.
 *
 * @param path '/'-separated; empty segments count for nothing
 * @throws HubswarmError ERR_NOT_FOUND, with the names that are there
 */
export function cidAt({ manifest, dag }: Resolved, path: string): { cid: CID; path: string } {
  let cid = manifest.root;
  const walked: string[] = [];
  for (const name of path.split('/').filter((segment) => segment !== '')) {
    const directory = manifest.kind === 'directory' && directoryAt(dag, cid);
    const next = directory && entriesOf(dag, directory).find((entry) => entry.name === name);
    if (!next) throw notThere(manifest, walked, name);
    cid = next.cid;
    walked.push(name);
  }
  const found = walked.join('/');
  const link = manifest.links?.find((each) => each.path === found);
  if (!link) return { cid, path: found };
  const target = showText(link.target);
  const what = `${manifest.root}: ${showText(found)} is a symbolic link to ${target}; get that`;
  throw new HubswarmError('ERR_NOT_FOUND', what);
}

/**
 * Cuts a file or directory out.
 *
 * @param root its CID
 * @param path as in the manifest
 */
export function subsetAt({ manifest, dag }: Resolved, root: CID, path: string): Subset {
  const inside = `${path}/`;
  const shorten = <T extends { readonly path: string }>(entry: T): T => ({
    ...entry,
    path: entry.path.slice(inside.length),
  });
  const isFile = manifest.files.some((file) => file.path === path);
  const isPart = isFile
    ? (entry: { readonly path: string }) => entry.path === path
    : (entry: { readonly path: string }) => entry.path.startsWith(inside);
  const files = manifest.files.filter(isPart);
  const [first] = files;
  const firstPiece = first?.firstPiece ?? 0;
  // Files of one directory follow one another, as their pieces do.
  const pieceCount = files.reduce((sum, file) => sum + file.pieceCount, 0);
  const lengths = Array.from({ length: pieceCount }, (_, piece) =>
    manifest.geometry.length(firstPiece + piece),
  );
  const start = firstPiece * DIGEST_LENGTH;
  const links = isFile ? [] : (manifest.links ?? []).filter(isPart).map(shorten);
  const attributes = isFile ? NONE : attributesBelow(manifest, path);
  return {
    manifest: {
      root,
      kind: isFile ? 'file' : 'directory',
      files: files.map((file) => ({ ...shorten(file), firstPiece: file.firstPiece - firstPiece })),
      directories: manifest.directories
        .filter((each) => each.startsWith(inside))
        .map((each) => each.slice(inside.length)),
      ...(attributes.size > 0 ? { directoryAttributes: attributes } : {}),
      ...(links.length > 0 ? { links } : {}),
      geometry: new Geometry(lengths),
      digests: manifest.digests.slice(start, start + pieceCount * DIGEST_LENGTH),
    },
    dag: blocksBelow(dag, root),
    firstFile: first ? manifest.files.indexOf(first) : 0,
  };
}

const NONE: NonNullable<Manifest['directoryAttributes']> = new Map();

/** What nodes say of a directory and of those in it, by the paths from it. */
function attributesBelow({ directoryAttributes = NONE }: Manifest, path: string) {
  const below = [...directoryAttributes].flatMap(([each, attributes]) =>
    each === path || each.startsWith(`${path}/`)
      ? [[each.slice(path.length + 1), attributes] as const]
      : [],
  );
  return new Map(below);
}

/** The inner blocks of a DAG that is part of another, in the order of a walk; none for a leaf. */
function blocksBelow(dag: Resolved['dag'], root: CID): Map<string, Uint8Array> {
  const blocks = new Map<string, Uint8Array>();
  const visit = (cid: CID): void => {
    const key = cid.toString();
    const block = dag.get(key);
    if (!block || blocks.has(key)) return;
    blocks.set(key, block);
    const node = decodeNode(cid, block);
    if (node.kind === 'link') return;
    for (const child of node.kind === 'file' ? node.children : node.links) visit(child.cid);
  };
  visit(root);
  return blocks;
}

/** Undefined for a file and a link. */
function directoryAt(dag: Resolved['dag'], cid: CID): CID | undefined {
  if (isRawCid(cid)) return undefined;
  const { kind } = nodeOf(dag, cid);
  return kind === 'directory' || kind === 'shard' ? cid : undefined;
}

function nodeOf(dag: Resolved['dag'], cid: CID): DagNode {
  const block = dag.get(cid.toString());
  invariant(block, `${cid} is not part of the DAG`);
  return decodeNode(cid, block);
}

/** The entries of one directory, those of all its shards. */
function entriesOf(dag: Resolved['dag'], directory: CID): { name: string; cid: CID }[] {
  const node = nodeOf(dag, directory);
  invariant(node.kind === 'directory' || node.kind === 'shard', `${directory} has no entries`);
  return node.links.flatMap((link) => {
    const name = entryName(node, link);
    return name === undefined ? entriesOf(dag, link.cid) : [{ name, cid: link.cid }];
  });
}

function notThere(manifest: Manifest, walked: readonly string[], name: string): HubswarmError {
  const path = walked.join('/');
  const what = `${manifest.root}: nothing is named ${showText([...walked, name].join('/'))}`;
  const where = path === '' ? 'it' : showText(path);
  const names = namesIn(manifest, path);
  if (!names) return new HubswarmError('ERR_NOT_FOUND', `${what}; ${where} is no directory`);
  const named = names.slice(0, MOST_NAMED).join(', ');
  const more = names.length - MOST_NAMED;
  const rest = more > 0 ? ` and ${more} more` : '';
  const holds = names.length === 0 ? 'is empty' : `holds ${showText(named)}${rest}`;
  return new HubswarmError('ERR_NOT_FOUND', `${what}; ${where} ${holds}`);
}

/** The names in a directory; undefined if none has the path. */
function namesIn({ kind, files, directories, links = [] }: Manifest, path: string) {
  const isThere = path === '' ? kind === 'directory' : directories.includes(path);
  if (!isThere) return undefined;
  const inside = path === '' ? '' : `${path}/`;
  const paths = [
    ...directories,
    ...files.map((file) => file.path),
    ...links.map((link) => link.path),
  ];
  return paths
    .filter((each) => each.startsWith(inside) && !each.slice(inside.length).includes('/'))
    .map((each) => each.slice(inside.length))
    .sort();
}
