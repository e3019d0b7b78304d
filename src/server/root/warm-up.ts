// A walk over the whole root after the start, one file after another: hashes what
// has no CID yet, so that first requests need not wait, and removes partial
// uploads that a crash left; then the store forgets the files that are gone. Hidden
// directories and links are not entered. What cannot be read is passed over; a
// request for it will say why.
//
// Another hub may serve the same root, on another machine even, so whether anybody
// still writes a partial is told by its age alone: one that is too young to tell is
// looked at again when it is old enough. Rejected: the process id in the name (says
// nothing of other machines and containers), a lock (Node.js has none, and network
// file systems often not).
import { lstat, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';
import { entriesOf } from '../message/entries-of.ts';
import { isHidden } from '../message/request-path.ts';
import type { Catalogue } from './catalogue.ts';
import type { CatalogueStore } from './catalogue-store.ts';
import { isLive, isPartial } from './partial-file.ts';
import type { ServedRoot } from './served-root.ts';

/**
 * An upload is written to every mebibyte, which the slowest that is suffered takes
 * some four minutes for (exchange.ts); many that share a capped link take longer.
 */
const LEFTOVER_AFTER_MS = 60 * 60 * 1000;

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
  const young: string[] = [];
  const files = await walk(context, young);
  await forgetGone(context);
  if (context.signal.aborted) return;
  context.emit({ event: 'catalogue_completed', files, ms: performance.now() - startedAt });
  await removeLater(young, context.signal);
}

/** How many files there are. @param young gets the partials that may be written to still. */
async function walk(context: WarmUpContext, young: string[]): Promise<number> {
  let files = 0;
  const directories: string[][] = [[]];
  for (let next = directories.pop(); next; next = directories.pop()) {
    for await (const found of entriesOf(join(context.root.path, ...next))) {
      if (context.signal.aborted) return files;
      const segments = [...next, found.name];
      if (isPartial(found.name) && found.isFile()) {
        const path = join(context.root.path, ...segments);
        if (context.writable && (await removeIfOld(path)) === 'young') young.push(path);
      } else if (isHidden(found.name)) continue;
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

/** Until each is removed, or written to its end. */
async function removeLater(paths: string[], signal: AbortSignal): Promise<void> {
  let left = paths;
  while (left.length > 0) {
    await delay(LEFTOVER_AFTER_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const states = await Promise.all(left.map(removeIfOld));
    left = left.filter((_path, index) => states[index] === 'young');
  }
}

async function removeIfOld(path: string): Promise<'young' | 'gone'> {
  try {
    const { mtimeMs } = await lstat(path);
    if (isLive(path) || Date.now() - mtimeMs < LEFTOVER_AFTER_MS) return 'young';
    await unlink(path);
  } catch {
    // Published, or removed by another hub; or not ours to remove.
  }
  return 'gone';
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
