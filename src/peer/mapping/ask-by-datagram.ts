// Asks by UDP, again and again until an answer makes sense. Only datagrams of that very address and
// port are seen: the socket is connected.
import type { Socket } from 'node:dgram';
import type { Timers } from '../../runtime/clock.ts';
import { guarded } from '../../runtime/guarded.ts';
import { hearDatagrams } from './hear-datagrams.ts';

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
  let cancel = (): void => {};
  const begin = (socket: Socket, fail: () => void): void => {
    const ask = (left: number, waitMs: number): void => {
      if (left === 0) return fail();
      socket.send(bytes);
      cancel = clock.after(waitMs, 'asking a router again', () => ask(left - 1, waitMs * 2));
    };
    socket.connect(
      port,
      to,
      guarded('asking a router', () => ask(TRIES, FIRST_WAIT_MS), fail),
    );
  };
  try {
    return await hearDatagrams({ from, begin, read, failure: 'no answer' }, signal);
  } finally {
    cancel();
  }
}
