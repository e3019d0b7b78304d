// @libp2p/yamux 8: fewer window updates, and a word that needs no answer.
import type { Connection, Stream } from '@libp2p/interface';
import { inside } from './inside.ts';

/** The state of a stream. Before it an update also opens the stream, or says that it is open. */
const ESTABLISHED = 3;
/** The type of a frame. */
const WINDOW_UPDATE = 1;

/** What the window of a stream is called inside. */
interface Window {
  recvWindow: number;
  recvWindowCapacity: number;
  state: number;
  sendWindowUpdate(): void;
}

/**
 * js-yamux answers every frame with a window update, however small: half of all
 * frames of an exchange, each an encryption and a system call at either end. As
 * the yamux specification leaves open, wait until half of the window is used up.
 */
export function updateWindowByHalves(stream: Stream): void {
  const window = inside<Window>(
    'fewer window updates',
    stream,
    'recvWindow',
    'recvWindowCapacity',
    'state',
    'sendWindowUpdate',
  );
  if (!window) return;
  const { sendWindowUpdate } = window;
  window.sendWindowUpdate = () => {
    const established = window.state === ESTABLISHED;
    if (established && window.recvWindowCapacity > window.recvWindow / 2) return;
    sendWindowUpdate.call(window);
  };
}

/** What a muxer is called inside. */
interface Muxer {
  ping(): Promise<number>;
  sendFrame(header: { type: number; flag: number; streamID: number; length: number }): void;
  readonly streams: readonly { readonly streamId: number; readonly state: number }[];
}

/** Says something that the other side need not answer, or a ping where no stream is open. */
export function speak(connection: Connection): void {
  const patch = 'a word now and then';
  const parts = inside<{ muxer: object }>(patch, connection, 'muxer');
  const muxer = parts && inside<Muxer>(patch, parts.muxer, 'ping', 'sendFrame', 'streams');
  if (!muxer) return;
  const stream = muxer.streams.find(({ state }) => state === ESTABLISHED);
  try {
    // Not only a ping: its answer waits behind what is under way, and the next one for it.
    if (stream) {
      const { streamId: streamID } = stream;
      muxer.sendFrame({ type: WINDOW_UPDATE, flag: 0, streamID, length: 0 });
    }
    muxer.ping().catch(() => undefined);
  } catch {
    // The connection ends just now.
  }
}
