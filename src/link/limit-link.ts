import type { Emit } from '../telemetry/event.ts';
import type { Caps, Link } from './link.ts';

/** Changes the caps of a running link and reports those that hold now. */
export function limitLink(link: Link, caps: Caps, emit: Emit): void {
  link.limit(caps);
  emit({
    event: 'link_limited',
    uplinkBytesPerSecond: capOf(link.uplinkBytesPerSecond),
    downlinkBytesPerSecond: capOf(link.downlinkBytesPerSecond),
  });
}

/** JSON has no Infinity. */
const capOf = (bytesPerSecond: number): number | null =>
  Number.isFinite(bytesPerSecond) ? bytesPerSecond : null;
