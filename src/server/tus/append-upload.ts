// Appends the bytes of a request to an unfinished upload. Bytes that came count, however the
// request ends; but a chunk with a checksum counts as a whole or not at all. The data is synced at
// the end of each request, before its answer, and every 64 MiB. So a killed process loses nothing,
// a power cut at most 64 MiB.

import type { Hashed } from '../../hub/catalogue/catalogue.ts';
import { PieceWriter } from '../../hub/uploads/piece-writer.ts';
import type { StoredUpload } from '../../hub/uploads/upload-store.ts';
import { withOpen } from '../../root/opened.ts';
import type { UploadData, UploadLock } from '../../root/unfinished.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { receiveBody } from '../conversation/receive-body.ts';
import type { UploadsHub } from '../uploads/uploads-hub.ts';
import { ChunkChecksum } from './chunk-checksum.ts';

/**
 * Bytes between two syncs. Chosen: a power cut may cost so much, and a sync at the end takes so
 * long.
 */
const SYNC_EVERY_BYTES = 64 * 2 ** 20;

export interface Appended {
  readonly upload: StoredUpload;
  /** Digests of the file, if all of it came in this request. */
  readonly hashed: Hashed;
}

/** @throws Refusal ERR_TOO_LARGE, ERR_QUOTA, ERR_DISK_FULL; HttpFailure 400, 408, 460 */
export async function appendBody(
  hub: UploadsHub,
  conversation: Conversation,
  upload: StoredUpload,
  lock: UploadLock,
): Promise<Appended> {
  const checksum = ChunkChecksum.of(conversation);
  checkLength(hub, upload, upload.offset + Number(conversation.req.headers['content-length'] ?? 0));
  const store = hub.uploads.unfinished;
  return withOpen(store.open(upload), async (data) => {
    // Cuts bytes behind the offset, which do not count, and would count once bytes are appended.
    await data.truncate(upload.offset);
    const begun = await store.begin(upload, checksum !== undefined);
    return new Append(hub, conversation, begun, data, checksum).run(lock);
  });
}

/** @throws Refusal ERR_TOO_LARGE */
function checkLength(hub: UploadsHub, { record }: StoredUpload, bytes: number): void {
  hub.uploads.checkSize(bytes);
  if (record.length === null || bytes <= record.length) return;
  throw new Refusal(
    'ERR_TOO_LARGE',
    `more than the ${record.length} bytes that Upload-Length named`,
  );
}

class Append {
  readonly #hub: UploadsHub;
  readonly #conversation: Conversation;
  readonly #data: UploadData;
  readonly #checksum: ChunkChecksum | undefined;
  readonly #from: number;
  readonly #writer: PieceWriter;
  #upload: StoredUpload;

  constructor(
    hub: UploadsHub,
    conversation: Conversation,
    upload: StoredUpload,
    data: UploadData,
    checksum: ChunkChecksum | undefined,
  ) {
    this.#hub = hub;
    this.#conversation = conversation;
    this.#upload = upload;
    this.#data = data;
    this.#checksum = checksum;
    this.#from = upload.offset;
    const { length } = upload.record;
    const whole = this.#from === 0 && length !== null && upload.record.target !== null;
    this.#writer = new PieceWriter({
      file: data,
      position: this.#from,
      pieces: whole ? hub.catalogue.piecesOf(length) : undefined,
      hashes: checksum?.hashes ?? [],
      onWritten: (position) => this.#syncNowAndThen(position),
    });
  }

  async run(lock: UploadLock): Promise<Appended> {
    let sha256: Uint8Array | undefined;
    try {
      await this.#receive(lock);
      await lock.confirm();
      await this.#writer.finish();
      sha256 = this.#checksum?.check();
    } catch (error) {
      await this.#giveUp(lock);
      throw error;
    }
    await this.#sync(this.#writer.position, { uncheckedFrom: null });
    const leaves = this.#writer.leaves();
    return { upload: this.#upload, hashed: leaves ? { leaves, sha256 } : {} };
  }

  async #receive(lock: UploadLock): Promise<void> {
    const { id, record, offset } = this.#upload;
    const { target: segments, length } = record;
    if (segments) this.#conversation.about = { segments, offset, length: length ?? undefined };
    this.#conversation.askForBody();
    await receiveBody(this.#conversation, this.#hub.link, (chunk) => {
      const bytes = this.#writer.position + chunk.length;
      checkLength(this.#hub, this.#upload, bytes);
      this.#hub.uploads.unfinished.cover(id, bytes);
      const confirmed = lock.confirm();
      if (confirmed === undefined) return this.#writer.take(chunk);
      return confirmed.then(() => this.#writer.take(chunk));
    });
  }

  /** Keeps the bytes of a broken chunk, unless it has a checksum or another process writes now. */
  async #giveUp(lock: UploadLock): Promise<void> {
    await lock.confirm()?.catch(() => undefined);
    if (this.#checksum || lock.lost.aborted) {
      await this.#writer.settle();
      if (!lock.lost.aborted) await this.#discard();
      return;
    }
    await this.#writer.finish().catch(() => undefined);
    // The file has fewer bytes than were taken if the disk is full.
    const size = await this.#data.size();
    await this.#sync(Math.min(size, this.#writer.position), {}).catch(() => undefined);
  }

  async #discard(): Promise<void> {
    await this.#data.truncate(this.#from);
    await this.#sync(this.#from, { uncheckedFrom: null });
  }

  #syncNowAndThen(position: number): Promise<void> | undefined {
    const unsynced = position - this.#upload.record.syncedBytes;
    return unsynced < SYNC_EVERY_BYTES ? undefined : this.#sync(position, {});
  }

  async #sync(position: number, changes: { uncheckedFrom?: null }): Promise<void> {
    if (position !== this.#upload.record.syncedBytes) await this.#data.sync();
    const saved = { ...changes, syncedBytes: position };
    this.#upload = await this.#hub.uploads.unfinished.save(this.#upload, saved, position);
  }
}
