// Limits and state of uploads: how large a file may be, how much the root may hold, and the
// unfinished uploads in it.
import prettyBytes from 'pretty-bytes';
import type { Root } from '../../root/root.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Emit } from '../../telemetry/event.ts';
import { Quota } from './quota.ts';
import { UploadStore } from './upload-store.ts';

export interface UploadOptions {
  /** Most bytes of one file. */
  readonly maxBytes?: number | undefined;
  /** Most bytes of all files together. */
  readonly quotaBytes?: number | undefined;
  /** Milliseconds for which an unfinished upload is kept after its last byte. */
  readonly expireMs?: number | undefined;
}

/** Chosen: a laptop that sleeps overnight can go on in the morning. */
const EXPIRE_MS = 24 * 3_600_000;

export class Uploads {
  /** Most bytes of one file; Infinity for no limit. */
  readonly maxBytes: number;
  readonly quota: Quota;
  readonly unfinished: UploadStore;

  private constructor(maxBytes: number, quota: Quota, unfinished: UploadStore) {
    this.maxBytes = maxBytes;
    this.quota = quota;
    this.unfinished = unfinished;
  }

  /**
   * Opens the root's uploads. Without --quota nothing is counted, and the start need not wait for a
   * walk over the root.
   */
  static async open(root: Root, options: UploadOptions, emit: Emit): Promise<Uploads> {
    const quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY;
    const limited = quotaBytes !== Number.POSITIVE_INFINITY;
    const quota = new Quota(quotaBytes, limited ? await root.storedBytes() : 0);
    const expireMs = options.expireMs ?? EXPIRE_MS;
    const unfinished = new UploadStore({ unfinished: root.unfinished, quota, expireMs, emit });
    if (limited) await unfinished.takeUp();
    return new Uploads(options.maxBytes ?? Number.POSITIVE_INFINITY, quota, unfinished);
  }

  /** @throws Refusal ERR_TOO_LARGE */
  checkSize(bytes: number): void {
    if (bytes <= this.maxBytes) return;
    const limit = prettyBytes(this.maxBytes, { binary: true });
    throw new Refusal('ERR_TOO_LARGE', `too large: this server takes files of at most ${limit}`);
  }
}
