// The blocks that a caller may read, found by a CID.
import type { CID } from 'multiformats/cid';
import type { BlockSource } from '../../car/walk.ts';
import { matchesCid } from '../../content/cid.ts';
import type { BlockPlace, FileBlocks } from '../../hub/catalogue/block-places.ts';

export interface Blocks {
  find(cid: CID): Promise<FoundBlock | undefined>;
  /** Whether a shared cache may give them to others. */
  readonly sharing: 'public' | 'private';
}

/** A block that is here, and those below it. The caller closes it. */
export interface FoundBlock extends BlockSource {
  readonly bytes: Uint8Array;
  /** Name of the file, if the block is its root. */
  readonly name?: string | undefined;
  close(): Promise<void>;
}

/** The first place that has the block. What is below lies in the same file, which is opened when it is asked for. */
export async function findPlaced(
  places: Iterable<BlockPlace>,
  cid: CID,
): Promise<FoundBlock | undefined> {
  for (const place of places) {
    const bytes = await place.read().catch(() => undefined);
    if (bytes && matchesCid(cid, bytes)) return new PlacedBlock(cid, bytes, place);
  }
  return undefined;
}

class PlacedBlock implements FoundBlock {
  readonly bytes: Uint8Array;
  readonly #cid: CID;
  readonly #place: BlockPlace;
  #file: Promise<FileBlocks | undefined> | undefined;
  #opened: FileBlocks | undefined;

  constructor(cid: CID, bytes: Uint8Array, place: BlockPlace) {
    this.#cid = cid;
    this.bytes = bytes;
    this.#place = place;
  }

  get name(): string | undefined {
    return this.#place.name;
  }

  async get(cid: CID): Promise<Uint8Array | undefined> {
    if (cid.equals(this.#cid)) return this.bytes;
    this.#file ??= this.#place.openFile();
    this.#opened = await this.#file;
    return this.#opened?.get(cid);
  }

  release(bytes: Uint8Array): void {
    this.#opened?.release(bytes);
  }

  async close(): Promise<void> {
    await (await this.#file?.catch(() => undefined))?.close();
  }
}

/** A CID that holds its bytes itself: it is everywhere. */
export const inItself = (cid: CID): FoundBlock => ({
  bytes: cid.multihash.digest,
  get: async () => undefined,
  close: async () => undefined,
});
