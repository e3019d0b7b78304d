// A walk over the whole root after the start, one file after another: hashes what
// has no CID yet, so that first requests need not wait, and removes partial
// uploads that a crash left; then the store forgets the files that are gone. Hidden
// directories and links are not entered. What cannot be read is passed over; a request
// for it will say why.
import type { Dirent } from 'node:fs';
import { lstat, opendir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../runtime/errors.ts';
import type { Emit } from '../telemetry/event.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueStore } from './catalogue-store.ts';
import { isLive, isPartial } from './partial-file.ts';
import { isHidden } from './request-path.ts';
import type { ServedRoot } from './served-root.ts';

/** Chosen: another hub over the same root that still receives it writes more often than that. */
const LEFT_AFTER_MS = 3_600_000;

export interface WarmUpContext {
  readonly root: ServedRoot;
  readonly catalogue: Catalogue;
  readonly store?: CatalogueStore | undefined;
  /** Only a server that takes uploads may delete what they left. */
  readonly writable: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export async function warmUp(context: WarmUpContext): Promise<void> {
  const startedAt = performance.now();
  const files = await walk(context);
  await forgetGone(context);
  if (context.signal.aborted) return;
  context.emit({ event: 'catalogue_completed', files, ms: performance.now() - startedAt });
}

/** How many files there are. */
async function walk(context: WarmUpContext): Promise<number> {
  let files = 0;
  const directories: string[][] = [[]];
  for (let next = directories.pop(); next; next = directories.pop()) {
    for await (const found of entriesOf(join(context.root.path, ...next))) {
      if (context.signal.aborted) return files;
      const segments = [...next, found.name];
      if (isPartial(found.name) && found.isFile()) await removeLeftover(context, segments);
      else if (isHidden(found.name)) continue;
      else if (found.isDirectory()) directories.push(segments);
      else if (found.isFile()) {
        files++;
        if (!context.catalogue.isFull) await hashFile(context, segments);
      }
    }
  }
  return files;
}

/** What the store knows of files that are there no more. */
async function forgetGone({ store, signal }: WarmUpContext): Promise<void> {
  for await (const path of store?.paths() ?? []) {
    if (signal.aborted) return;
    const there = await stat(path).catch(systemCode);
    if (there === 'ENOENT' || there === 'ENOTDIR') await store?.delete(path);
  }
}

async function* entriesOf(path: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(path);
  } catch {
    // Gone meanwhile, or not ours to read.
  }
}

async function removeLeftover({ root, writable }: WarmUpContext, segments: string[]) {
  const path = join(root.path, ...segments);
  if (!writable || isLive(path)) return;
  try {
    const { mtimeMs } = await lstat(path);
    if (Date.now() - mtimeMs > LEFT_AFTER_MS) await unlink(path);
  } catch {
    // Published or removed meanwhile.
  }
}

async function hashFile({ root, catalogue }: WarmUpContext, segments: string[]): Promise<void> {
  const file = await root.open(segments).catch(() => undefined);
  if (!file) return;
  try {
    await catalogue.entryOf(file);
  } catch {
    // Being written, or vanished.
  } finally {
    await file.handle.close();
  }
}
