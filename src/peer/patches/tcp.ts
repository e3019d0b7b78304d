// @libp2p/tcp 11: its sockets, their buffers, and the addresses at which it listens.
import { Socket } from 'node:net';
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

/** The socket of a connection that is bare TCP; undefined if anything lies between. */
export function bareSocketOf(connection: MessageStream): Socket | undefined {
  const { socket } = connection as { socket?: unknown };
  // TLS has `encrypted` set; to load its class for that is 1 ms of a start.
  return socket instanceof Socket && !('encrypted' in socket) ? socket : undefined;
}

/** The socket below a connection of libp2p 3; undefined, and told of, where there is none. */
export function socketOf(connection: Connection): Socket | undefined {
  const patch = 'silent connections';
  const parts = inside<{ maConn: object }>(patch, connection, 'maConn');
  return parts && inside<{ socket: Socket }>(patch, parts.maConn, 'socket')?.socket;
}
