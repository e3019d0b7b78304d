// Tells one peer of the DHT about many files over one stream: in ADD_PROVIDER messages of kad-dht,
// which itself opens a stream for each. The message has no answer, so each batch ends with a PING,
// whose answer says that all before it was read.
import type { PeerId } from '@libp2p/interface';
import { varint } from 'multiformats';
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { toldToAll } from '../address/scope.ts';
import { KAD_PROTOCOL, type Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';

/** Records of one batch: some 30 KB, which a peer stores in a tenth of a second. Chosen. */
const BATCH = 256;
const BATCH_TIMEOUT_MS = 10_000;
/** Wait between two batches, in which both peers can do other work. Chosen. */
const BETWEEN_BATCHES_MS = 200;

/** Protobuf: field number and wire type of libp2p's dht.proto, in one byte. */
const FIELD = { type: 0x08, key: 0x12, provider: 0x4a, peerId: 0x0a, peerAddress: 0x12 } as const;
const ADD_PROVIDER = 2;
const PING = 5;

/** @param keys multihashes; @throws if the peer did not take all of them */
export async function tellProvider(
  node: Node,
  peer: PeerId,
  keys: readonly Uint8Array[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const provider = field(FIELD.provider, describeSelf(node));
  let frames: FrameStream | undefined;
  try {
    for (let from = 0; from < keys.length; from += BATCH) {
      if (from > 0) await clock.sleep(BETWEEN_BATCHES_MS, signal);
      await attempt([signal], BATCH_TIMEOUT_MS, async (limit) => {
        frames ??= await open(node, peer, limit);
        const batch = keys.slice(from, from + BATCH);
        const messages = batch.map((key) =>
          framed(Buffer.concat([typed(ADD_PROVIDER), field(FIELD.key, key), provider])),
        );
        await exchange(frames, [...messages, framed(typed(PING))], limit);
      });
    }
    frames?.close();
  } catch (error) {
    frames?.abort('not told');
    throw error;
  }
}

async function open(node: Node, peer: PeerId, signal: AbortSignal): Promise<FrameStream> {
  const connection = await node.dial(peer, { signal });
  return new FrameStream(await connection.newStream(KAD_PROTOCOL, { signal }), peer.toString());
}

/** Sends a batch; resolves with the first bytes of the answer to its PING. */
async function exchange(
  frames: FrameStream,
  messages: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  frames.onData(() => resolve());
  frames.onEnd((reason) => reject(new HubswarmError('ERR_REMOTE', `told in part: ${reason}`)));
  frames.send(messages);
  await promise;
}

function describeSelf(node: Node): Uint8Array {
  const told = toldToAll(node.getMultiaddrs(), node.getConnections());
  const addresses = told.map(({ bytes }) => field(FIELD.peerAddress, bytes));
  return Buffer.concat([field(FIELD.peerId, node.peerId.toMultihash().bytes), ...addresses]);
}

const typed = (type: number): Uint8Array => Uint8Array.of(FIELD.type, type);

const field = (tag: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(tag), framed(bytes)]);

const framed = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([
    varint.encodeTo(bytes.length, new Uint8Array(varint.encodingLength(bytes.length))),
    bytes,
  ]);
