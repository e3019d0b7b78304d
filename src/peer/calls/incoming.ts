import type { Connection, Stream } from '@libp2p/interface';
import { EXCHANGE_PROTOCOLS } from '../../exchange/wire/message.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Reception } from '../../swarm/reception.ts';
import type { Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';

/** Each connection may carry this many exchange streams: files shared with one peer. */
const STREAMS_PER_CONNECTION = 256;

/** Takes calls for exchange streams from now on. Must be called once per node. */
export async function answerCalls(node: Node, reception: Reception): Promise<void> {
  await node.handle(
    EXCHANGE_PROTOCOLS,
    guarded('answering a call', (stream: Stream, { remotePeer }: Connection) =>
      reception.answer(new FrameStream(stream, remotePeer.toString())),
    ),
    { maxInboundStreams: STREAMS_PER_CONNECTION, maxOutboundStreams: STREAMS_PER_CONNECTION },
  );
}
