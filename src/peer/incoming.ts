// Answers calls: the first message of an exchange stream is a hello that names the
// file; the stream then belongs to that file's swarm. Callers that say nothing, or
// name a file that is not here, are hung up on.
import type { Connection, Stream } from '@libp2p/interface';
import { FrameDecoder } from '../exchange/codec.ts';
import { EXCHANGE_PROTOCOL, type Message } from '../exchange/message.ts';
import { guarded } from '../runtime/guarded.ts';
import { Callers } from './callers.ts';
import type { Node } from './node.ts';
import { FrameStream } from './stream.ts';
import type { Swarm } from './swarm.ts';

const HELLO_WITHIN_MS = 5000;
/** Each connection may carry this many exchange streams: files shared with one peer. */
const STREAMS_PER_CONNECTION = 256;

export interface Reception {
  /** The swarm of a file, by its root CID's bytes. */
  swarmOf(file: Uint8Array): Swarm | undefined;
  isBanned(peer: string): boolean;
  /** @param forLoad the peer goes on calling though it was refused */
  onBan(peer: string, reason: string, forLoad: boolean): void;
}

/** Must be called once per node. */
export async function answerCalls(node: Node, reception: Reception): Promise<void> {
  const callers = new Callers();
  await node.handle(
    EXCHANGE_PROTOCOL,
    guarded('answering a call', (stream: Stream, connection: Connection) =>
      answer(stream, connection, reception, callers),
    ),
    { maxInboundStreams: STREAMS_PER_CONNECTION, maxOutboundStreams: STREAMS_PER_CONNECTION },
  );
}

function answer(
  opened: Stream,
  connection: Connection,
  reception: Reception,
  callers: Callers,
): void {
  const peer = connection.remotePeer.toString();
  const stream = new FrameStream(opened, peer);
  if (reception.isBanned(peer)) return stream.abort('banned');
  const named = callers.admit(peer, performance.now());
  if (named === 'refused') return stream.abort('too many calls');
  if (named === 'flood') {
    stream.abort('a flood of calls');
    return reception.onBan(peer, 'a flood of calls', true);
  }
  const end = (useful: boolean): void => {
    if (!useful) callers.noteUseless(peer, performance.now());
  };
  let joined = false;
  const decoder = new FrameDecoder();
  const hangUp = guarded('hanging up', () => stream.abort('no hello'));
  const silence = setTimeout(hangUp, HELLO_WITHIN_MS);
  stream.onEnd(() => {
    clearTimeout(silence);
    named();
    if (!joined) end(false);
  });
  let intake = (chunk: Uint8Array): void => {
    const { messages, violation } = decoder.push(chunk);
    const [hello] = messages;
    if (!hello && violation === undefined) return;
    clearTimeout(silence);
    named();
    intake = () => {};
    if (hello?.type !== 'hello' || violation !== undefined) {
      reception.onBan(peer, violation ?? `a ${hello?.type} before hello`, false);
      return stream.abort('violation');
    }
    intake = route(hello, messages) ?? intake;
  };
  const route = (hello: Extract<Message, { type: 'hello' }>, messages: readonly Message[]) => {
    const swarm = reception.swarmOf(hello.file);
    if (!swarm) stream.close('unknown file');
    joined = swarm !== undefined;
    return swarm?.join({ stream, decoder, outbound: false, onOver: end }, messages);
  };
  stream.onData((chunk) => intake(chunk));
}
