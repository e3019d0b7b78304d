// Hears datagrams at an own address until one makes sense.
import { createSocket, type Socket } from 'node:dgram';
import { abortable } from '../../runtime/abortable.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';

interface Hearing<T> {
  /** Own address that is sent from, and heard at. */
  readonly from: string;
  /** Asks, once the socket is bound; `fail` ends the hearing. */
  begin(socket: Socket, fail: () => void): void;
  /** Reads an answer of any length and content; undefined to go on waiting. Must not throw. */
  read(answer: Buffer, sender: string): T | undefined;
  /** What it says when nothing came. */
  readonly failure: string;
}

/** @throws HubswarmError ERR_REMOTE when nothing that makes sense came; the signal's reason */
export async function hearDatagrams<T>(hearing: Hearing<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { from, begin, read, failure } = hearing;
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // As of a refused port: no answer can come.
  const fail = (): void => reject(new HubswarmError('ERR_REMOTE', failure));
  socket.on('error', guarded('hearing of no router', fail));
  socket.on(
    'message',
    guarded('hearing a router', (answer: Buffer, { address }: { address: string }) => {
      const found = read(answer, address);
      if (found !== undefined) resolve(found);
    }),
  );
  socket.bind(
    { address: from, port: 0 },
    guarded('asking a router', () => begin(socket, fail), fail),
  );
  try {
    return await abortable(promise, signal);
  } finally {
    socket.close();
  }
}
