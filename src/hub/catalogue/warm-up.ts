// Walks over the whole root after the start, one file after another, and hashes each file without a
// CID, so that first requests need not wait. Then the store forgets files that are gone. A file
// that cannot be read is passed over; a request for it gets the reason.

import { openFile, withOpen } from '../../root/opened.ts';
import type { Root, Segments } from '../../root/root.ts';
import { filesBelow } from '../../root/walk.ts';
import type { Emit } from '../../telemetry/event.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueStore } from './catalogue-store.ts';

export interface WarmUpContext {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly store?: CatalogueStore | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export async function warmUp(context: WarmUpContext): Promise<void> {
  const { root, catalogue, signal, emit } = context;
  const startedAt = performance.now();
  let files = 0;
  for await (const segments of filesBelow(root)) {
    if (signal.aborted) return;
    files++;
    if (!catalogue.isFull) await hashFile(context, segments);
  }
  await forgetGone(context);
  if (signal.aborted) return;
  emit({ event: 'catalogue_completed', files, ms: performance.now() - startedAt });
}

/** Removes entries of the store whose files are gone. */
async function forgetGone({ root, store, signal }: WarmUpContext): Promise<void> {
  for await (const place of store?.places() ?? []) {
    if (signal.aborted) return;
    // An entry is kept if its file cannot be examined.
    const stamp = await root.stampAt(place).catch(() => 'unknown');
    if (stamp === undefined) await store?.delete(place);
  }
}

async function hashFile({ root, catalogue }: WarmUpContext, segments: Segments): Promise<void> {
  // The file may be growing, or have vanished.
  await withOpen(openFile(root, segments), (file) => catalogue.entryOf(file)).catch(
    () => undefined,
  );
}
