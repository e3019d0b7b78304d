// Finds out whether a client that sends no more still reads. The end of its bytes does not tell:
// `nc -N` and shutdown() close the sending side alone, close() closes both, and TCP shows the same.
// So something is written now and then: a client that has left resets the connection at the first
// bytes, and the next ones meet the reset, which closes the response.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { guarded } from '../../runtime/guarded.ts';

/** Time between two writes, in ms. Chosen: most answers begin sooner. */
const ASK_EVERY_MS = 2000;

interface Heard {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** How long a client may be silent: a short limit needs more frequent writes. */
  readonly stallMs: number;
}

/** @param ask writes what the client can pass over; called from the end on, until `res` closes */
export function askAfterEnd({ req: { socket }, res, stallMs }: Heard, ask: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  const asking = guarded('asking whether a client reads', ask);
  const begin = guarded('hearing the end of a client', () => {
    timer = setInterval(asking, Math.min(ASK_EVERY_MS, stallMs));
  });
  // Removes the listener: the connection outlives the answer.
  const end = guarded('forgetting a client', () => {
    clearInterval(timer);
    socket.off('end', begin);
  });
  if (socket.readableEnded) begin();
  else socket.once('end', begin);
  res.once('close', end);
}
