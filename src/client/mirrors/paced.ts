// Puts the downlink in front of a taker: payload is counted when it is taken, and with a cap the
// socket is not read before its time.
import type { Link } from '../../link/link.ts';
import type { Take } from '../http/http-connection.ts';

/** Most bytes that the link is asked for at once (Link.receive). */
const BLOCK_BYTES = 64 * 1024;

export function paced(link: Link, signal: AbortSignal, take: Take): Take {
  const capped = link.downlinkBytesPerSecond !== Number.POSITIVE_INFINITY;
  const from = (chunk: Uint8Array, start: number): Promise<void> | undefined => {
    const step = capped ? BLOCK_BYTES : chunk.length;
    for (let at = start; at < chunk.length; at += step) {
      const block = chunk.subarray(at, at + step);
      const turn = link.receive(block.length, signal);
      const wait = turn !== undefined ? turn.then(() => take(block)) : take(block);
      if (wait !== undefined) return wait.then(() => from(chunk, at + step));
    }
    return undefined;
  };
  return (chunk) => from(chunk, 0);
}
