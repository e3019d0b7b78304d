// @libp2p/tcp 11: its sockets' buffers, how it writes, and the addresses at which it listens.
import type { Socket } from 'node:net';
import type { Connection, MessageStream, Transport } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { tellFailure } from '../../runtime/guarded.ts';
import { inside } from './inside.ts';

/**
 * By default 16 KiB: then each block fills its socket, and 'drain' runs through every
 * layer and stream of the connection for nothing. Room for one block, encrypted.
 */
const SOCKET_BUFFER_BYTES = 512 * 1024;

/** Below this, copying parts together is cheaper than handing them over one by one. */
const COPY_BELOW = 4096;

/** What a connection is called inside. */
interface TcpConnection {
  socket: Socket;
  sendData(data: Iterable<Uint8Array> & { byteLength: number }): {
    sentBytes: number;
    canSendMore: boolean;
  };
}

/**
 * A listener at every interface asks the system for its addresses each time, within libp2p's
 * timers as well: where that fails, as without a free descriptor, the last ones stand.
 */
export const createTcp = (components: Parameters<ReturnType<typeof tcp>>[0]): Transport => {
  const transport = tcp({
    dialOpts: { writableHighWaterMark: SOCKET_BUFFER_BYTES } as object,
    listenOpts: { highWaterMark: SOCKET_BUFFER_BYTES } as object,
  })(components);
  const create = transport.createListener.bind(transport);
  transport.createListener = (options) => {
    const listener = create(options);
    const ask = listener.getAddrs.bind(listener);
    let last: Multiaddr[] = [];
    listener.getAddrs = () => {
      try {
        last = ask();
      } catch (error) {
        tellFailure("asking for this machine's addresses", error);
      }
      return last;
    };
    return listener;
  };
  return transport;
};

/**
 * The package writes each part of a message by itself: seven system calls, and as many
 * packets and wake-ups at the other end, for one block of an encrypted stream.
 */
export function writeAtOnce(connection: MessageStream): void {
  const tcp = inside<TcpConnection>('one write a message', connection, 'socket', 'sendData');
  if (!tcp) return;
  const { socket } = tcp;
  tcp.sendData = (data) => {
    if (data.byteLength < COPY_BELOW) socket.write(Buffer.concat([...data], data.byteLength));
    else {
      socket.cork();
      for (const part of data) socket.write(part);
      socket.uncork();
    }
    return { sentBytes: data.byteLength, canSendMore: !socket.writableNeedDrain };
  };
}

/** The socket below a connection of libp2p 3; undefined, and told of, where there is none. */
export function socketOf(connection: Connection): Socket | undefined {
  const patch = 'silent connections';
  const parts = inside<{ maConn: object }>(patch, connection, 'maConn');
  return parts && inside<{ socket: Socket }>(patch, parts.maConn, 'socket')?.socket;
}
