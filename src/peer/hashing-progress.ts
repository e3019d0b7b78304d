// Tells how far a share is hashed, if that takes long enough for a person to wonder.
import { basename } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Emit } from '../telemetry/event.ts';

/** Time until the first report, and between two: a line each. Chosen. */
const FIRST_AFTER_MS = 2000;
const AGAIN_AFTER_MS = 10_000;

/** A callback for the bytes hashed so far, and those of all files. */
export function hashingProgress(
  clock: Pick<Clock, 'now'>,
  emit: Emit,
  path: string,
): (bytes: number, total: number) => void {
  let next = clock.now() + FIRST_AFTER_MS;
  return (bytes, total) => {
    if (clock.now() < next) return;
    next = clock.now() + AGAIN_AFTER_MS;
    emit({ event: 'hashing_progressed', name: basename(path), bytes, total });
  };
}
