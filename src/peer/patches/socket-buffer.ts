// Node.js: a socket that reads into memory of ours. net.connect() takes such memory as its option
// `onread`; of a socket that was accepted, or whose handshake is over, the same members are set.
import type { Socket } from 'node:net';
import { inside } from './inside.ts';

export interface Reader {
  /** Memory for the next read. */
  space(): Uint8Array;
  /** So many bytes are in it now. Returns whether to read on; if not, socket.resume() does. */
  handleRead(length: number): boolean;
}

/** What the option becomes inside a socket, by the descriptions of their symbols. */
const MEMBERS = ['kBuffer', 'kBufferCb', 'kBufferGen'] as const;

interface Inside {
  /** Null once the socket has ended. */
  readonly _handle: { useUserBuffer(buffer: Uint8Array): void } | null;
}

/**
 * From now on `reader` gets what the socket reads, and 'data' is emitted no more. Otherwise each
 * read is an allocation of 64 KiB: the largest item of a fast download.
 *
 * @returns false, and nothing is changed, if the socket has ended, or this version of Node.js has no
 * such members
 */
export function readInto(socket: Socket, reader: Reader): boolean {
  const patch = 'reading into own memory';
  const known = inside<Inside>(patch, socket, '_handle');
  if (known?._handle === null) return false;
  const handle = inside<NonNullable<Inside['_handle']>>(patch, known?._handle, 'useUserBuffer');
  const symbols = Object.getOwnPropertySymbols(socket);
  const found = MEMBERS.map((name) => symbols.find(({ description }) => description === name));
  const [buffer, callback, generate] = found;
  if (!handle || !buffer || !callback || !generate) return false;
  const space = reader.space();
  Object.assign(socket, {
    [buffer]: space,
    [callback]: (length: number) => reader.handleRead(length),
    [generate]: () => reader.space(),
  });
  handle.useUserBuffer(space);
  return true;
}
