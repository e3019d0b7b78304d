// A share as its list on the disk has it. The inner blocks of the DAG and the stamps of the files are all
// that is needed to serve it again without reading a byte of it: each block is hashed up to the CID when
// it is read back, and each file is served only if it is as it was hashed. So a list that was damaged,
// or edited, makes no wrong bytes.
import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { isRawCid, parseCid } from '../content/cid.ts';
import type { ManifestFile } from '../content/manifest.ts';
import { manifestOf } from '../content/manifest-of.ts';
import type { Resolved } from '../content/resolve.ts';
import type { SourceFile } from '../disk/import/source.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { Share } from './share.ts';

/** Modification, change of the inode, inode: in milliseconds of the epoch, and a number. */
const STAMP_FIELDS = 3;

export const storedShareSchema = z.object({
  path: z.string(),
  name: z.string(),
  cid: z.string(),
  bytes: z.number(),
  sharedAt: z.number(),
  sentBytes: z.number(),
  over: z.enum(['ratio', 'time']).optional(),
  /** Three numbers for each file, in the order of the manifest. */
  stamps: z.array(z.number()),
  /** CID and bytes (base64) of each inner block, depth first from the root. */
  blocks: z.array(z.tuple([z.string(), z.string()])),
});

export type StoredShare = z.infer<typeof storedShareSchema>;

export function toStored(share: Share): StoredShare {
  const { path, name, cid, bytes, sharedAt, sentBytes, state, sources, tree } = share;
  return {
    path,
    name,
    cid: cid.toString(),
    bytes,
    sharedAt,
    sentBytes,
    ...((state === 'ratio' || state === 'time') && { over: state }),
    stamps: sources.flatMap(({ mtimeMs, ctimeMs, ino }) => [mtimeMs, ctimeMs, ino]),
    blocks: [...(tree?.dag ?? [])].map(([key, block]) => [
      key,
      Buffer.from(block).toString('base64'),
    ]),
  };
}

/** @throws HubswarmError ERR_MANIFEST, ERR_HASH_MISMATCH for a record that is not whole */
export async function fromStored(stored: StoredShare): Promise<Share> {
  const { path, name, bytes, sharedAt, sentBytes, over, stamps } = stored;
  const cid = parseCid('share', stored.cid);
  const tree = isRawCid(cid) ? undefined : await treeOf(cid, stored);
  const files = tree?.manifest.files ?? [{ path: '', length: bytes }];
  const sources = sourcesOf(files, path, stamps);
  const kind = tree?.manifest.kind ?? 'file';
  const content = { name, cid, bytes, kind, sources, ...(tree && { tree }) };
  return { ...content, path, sharedAt, sentBytes, state: over ?? 'shared' };
}

async function treeOf(cid: CID, { bytes, blocks }: StoredShare): Promise<Resolved> {
  const known = new Map(
    blocks.map(([key, text]) => [key, new Uint8Array(Buffer.from(text, 'base64'))]),
  );
  return manifestOf({ cid, length: bytes, tsize: bytes }, known);
}

function sourcesOf(
  files: readonly Pick<ManifestFile, 'path' | 'length'>[],
  path: string,
  stamps: readonly number[],
): SourceFile[] {
  if (stamps.length !== files.length * STAMP_FIELDS) {
    throw new HubswarmError('ERR_MANIFEST', `${path}: the record of it is not whole`);
  }
  return files.map((file, i) => {
    const [mtimeMs = 0, ctimeMs = 0, ino = 0] = stamps.slice(
      STAMP_FIELDS * i,
      STAMP_FIELDS * (i + 1),
    );
    const below = file.path === '' ? path : `${path}/${file.path}`;
    return { path: below, size: file.length, mtimeMs, ctimeMs, ino };
  });
}
