// That an open file is still what it was while its bytes are sent, asked after each chunk
// is read: a response never mixes two versions.
import { setTimeout as delay } from 'node:timers/promises';
import { fileChanging } from '../../runtime/refusal.ts';
import type { Opened } from '../root/served-root.ts';
import { isUnchanged } from '../root/stamp.ts';

/** @throws Refusal ERR_SOURCE_CHANGED when the bytes that were read may be others than those before */
export type Check = () => Promise<void>;

/** Chosen: a write gives a file its time first and its length then, page by page. */
const WRITE_TRIES = 5;
const WRITE_WAIT_MS = 10;

/** Of a file whose version is named: it stays as it was. */
export function unchanged({ handle, stats }: Opened): Check {
  return async () => {
    if (!isUnchanged(stats, await handle.stat())) throw fileChanging();
  };
}

/**
 * Of a file that may be appended to: what was there when it was opened stays. It must not
 * become shorter, nor be written to without becoming longer. (A writer that changes what
 * is there and appends as well is not told from one that only appends.)
 */
export function onlyGrowing({ handle, stats }: Opened): Check {
  let last = stats;
  return async () => {
    let now = await handle.stat();
    for (let tries = 0; now.size === last.size && now.mtimeMs !== last.mtimeMs; tries++) {
      if (tries === WRITE_TRIES) throw fileChanging();
      await delay(WRITE_WAIT_MS);
      now = await handle.stat();
    }
    if (now.size < last.size) throw fileChanging();
    last = now;
  };
}
