// Asks a hub for the CID of a file that it has not hashed yet, with longer and longer waits, until
// the hub no longer says that the CID is to come.
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { isPending } from './names-cid.ts';

/** Chosen: in this time a hub hashes 100 MiB. */
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 2000;

type Headers = ReadonlyMap<string, string>;

/**
 * Returns the last answer. Its CID may still be to come if the time is over.
 *
 * @param ask for the head of the file
 */
export async function untilNamed(
  ask: () => Promise<Headers>,
  {
    withinMs,
    signal,
    clock = systemClock,
  }: { withinMs: number; signal: AbortSignal; clock?: Clock },
): Promise<Headers> {
  const until = clock.now() + withinMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, 2 * waitMs)) {
    const headers = await ask();
    const leftMs = until - clock.now();
    if (!isPending(headers) || leftMs <= 0) return headers;
    await clock.sleep(Math.min(waitMs, leftMs), signal);
  }
}
