// Turns a link's counters into `link_counted` events, often enough that a fault
// can be triggered by bytes sent, and rarely enough that it costs nothing.
import type { Emit } from '../telemetry/event.ts';
import type { Link } from './link.ts';

const EVERY_MS = 50;

/** For LinkOptions.onCount; `everyBytes` is a 64th of the file, or what fits. */
export function createCountReporter(emit: Emit, everyBytes: number): (link: Link) => void {
  let reportedBytes = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (link) => {
    const bytes = link.sentBytes + link.receivedBytes;
    const now = performance.now();
    if (bytes - reportedBytes < everyBytes && now - reportedAt < EVERY_MS) return;
    reportedBytes = bytes;
    reportedAt = now;
    emit({ event: 'link_counted', sentBytes: link.sentBytes, receivedBytes: link.receivedBytes });
  };
}
