// --hold: ready, then waiting for the word. Whoever times many processes starts
// them all, waits until each is held, and writes a line to all at once.
import { HubswarmError } from '../../runtime/errors.ts';
import type { RunContext } from './run.ts';

/** Resolves when a line has come. @throws HubswarmError ERR_ABORTED when none will */
export async function untilLine(
  { emit, signal }: RunContext,
  lines: AsyncIterator<string, void>,
): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  emit({ event: 'held' });
  const { done } = await Promise.race([lines.next(), aborted]);
  if (!done) return;
  throw new HubswarmError('ERR_ABORTED', '--hold: standard input ended without a line');
}
