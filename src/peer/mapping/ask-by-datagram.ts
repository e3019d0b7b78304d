// Asks by UDP, again and again until an answer makes sense. Only datagrams of that very address and
// port are seen: the socket is connected.
import { createSocket } from 'node:dgram';
import type { Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';

/** First wait for an answer, which doubles (RFC 6886 section 3.1), and how often is asked. */
const FIRST_WAIT_MS = 250;
const TRIES = 4;

interface Question<T> {
  readonly clock: Timers;
  /** Own address that is sent from. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly bytes: Uint8Array;
  /** Reads an answer of any length and content; undefined to go on waiting. Must not throw. */
  read(answer: Buffer): T | undefined;
}

/** @throws HubswarmError ERR_REMOTE when nothing that makes sense comes; the signal's reason */
export async function askByDatagram<T>(question: Question<T>, signal: AbortSignal): Promise<T> {
  const { clock, from, to, port, bytes, read } = question;
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let cancel = (): void => {};
  const none = (): HubswarmError => new HubswarmError('ERR_REMOTE', 'no answer');
  const ask = (left: number, waitMs: number): void => {
    if (left === 0) return reject(none());
    socket.send(bytes);
    cancel = clock.after(waitMs, 'asking a router again', () => ask(left - 1, waitMs * 2));
  };
  const stop = guarded('leaving a router', () => reject(signal.reason));
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  // As of a refused port: no answer can come.
  const fail = (): void => reject(none());
  socket.on('error', guarded('hearing of no router', fail));
  socket.on(
    'message',
    guarded('hearing a router', (answer: Buffer) => {
      const found = read(answer);
      if (found !== undefined) resolve(found);
    }),
  );
  const begin = guarded('asking a router', () => ask(TRIES, FIRST_WAIT_MS), fail);
  socket.bind(
    { address: from, port: 0 },
    guarded('asking a router', () => socket.connect(port, to, begin), fail),
  );
  try {
    return await promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
    socket.close();
  }
}
