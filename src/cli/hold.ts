// --hold: ready, then waiting for the word. Whoever times many processes starts
// them all, waits until each is held, and writes a line to all at once.
import { createInterface } from 'node:readline';
import { HubswarmError } from '../runtime/errors.ts';
import type { RunContext } from './run.ts';

/** Resolves at the first line on standard input. */
export async function untilLine({ emit, signal }: RunContext): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  try {
    await new Promise<void>((resolve, reject) => {
      lines.once('line', () => resolve());
      lines.once('close', () =>
        reject(new HubswarmError('ERR_ABORTED', '--hold: standard input ended without a line')),
      );
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      emit({ event: 'held' });
    });
  } finally {
    lines.close();
    process.stdin.unref?.();
  }
}
