// A walk over the whole root after the start, one file after another: hashes what has no CID
// yet, so that first requests need not wait; then the store forgets the files that are gone.
// What cannot be read is passed over; a request for it will say why.

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

/** What the store knows of files that are there no more. */
async function forgetGone({ root, store, signal }: WarmUpContext): Promise<void> {
  for await (const place of store?.places() ?? []) {
    if (signal.aborted) return;
    // It is kept while one cannot look.
    const stamp = await root.stampAt(place).catch(() => 'unknown');
    if (stamp === undefined) await store?.delete(place);
  }
}

async function hashFile({ root, catalogue }: WarmUpContext, segments: Segments): Promise<void> {
  // It may be being written, or have vanished.
  await withOpen(openFile(root, segments), (file) => catalogue.entryOf(file)).catch(
    () => undefined,
  );
}
