// A remote that speaks Noise and yamux by hand, so that it can break every rule after the handshake.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generateKeyPair as generateIdentity } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { AbstractMessageStream } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import { onTestFinished } from 'vitest';
import type { Node } from '../../../src/peer/node/node.ts';
import { performHandshake } from '../../../src/peer/wire/handshake.ts';
import { generateKeyPair } from '../../../src/peer/wire/key-agreement.ts';
import { Opener, Sealer } from '../../../src/peer/wire/noise-cipher.ts';
import { RecordBuffer } from '../../../src/peer/wire/noise-records.ts';
import { FLAG, HEADER_LENGTH, TYPE, writeHeader } from '../../../src/peer/wire/yamux-frames.ts';

const PREAMBLE = Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n');
const YAMUX = '/yamux/1.0.0';

const log = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: () => log,
});

/** A socket as the handshake wants it. */
class RawStream extends AbstractMessageStream {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ log, direction: 'outbound' });
    this.#socket = socket;
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    this.#socket.write(data.subarray());
    return { sentBytes: data.byteLength, canSendMore: true };
  }

  sendReset(): void {
    this.#socket.destroy();
  }

  sendPause(): void {}
  sendResume(): void {}
  async close(): Promise<void> {}
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  length: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const head = Buffer.alloc(HEADER_LENGTH);
  writeHeader(head, 0, type, flags, stream, length);
  return Buffer.concat([head, payload]);
}

export const data = (stream: number, payload: Uint8Array, flags = 0): Buffer =>
  frame(TYPE.data, flags, stream, payload.length, payload);

/** Opens a stream of this protocol without waiting for the answer. */
export function open(stream: number, protocol: string): Buffer {
  const lines = ['/multistream/1.0.0', protocol].map((line) =>
    Buffer.from(`${String.fromCharCode(line.length + 1)}${line}\n`),
  );
  return Buffer.concat([
    frame(TYPE.windowUpdate, FLAG.syn, stream, 0),
    data(stream, Buffer.concat(lines)),
  ]);
}

export interface RawRemote {
  readonly socket: Socket;
  /** Seals the bytes as they are. */
  seal(plain: Uint8Array): Buffer;
  /** Sends frames as they should be: sealed. */
  send(...plain: Uint8Array[]): void;
  /** Resolves when the other end has hung up. */
  readonly hungUp: Promise<unknown>;
  /** All that came, decrypted. */
  readonly received: () => Buffer;
}

/** A connection to `node`, past the handshake, whose other end has agreed on yamux. */
export async function connectRaw(node: Node): Promise<RawRemote> {
  const port = node
    .getMultiaddrs()[0]!
    .getComponents()
    .find(({ name }) => name === 'tcp')!.value;
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const hungUp = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'connect');
  const stream = new RawStream(socket);
  let skip = PREAMBLE.length;
  const feed = (bytes: Buffer): void => {
    const rest = bytes.subarray(skip);
    skip -= bytes.length - rest.length;
    stream.onData(rest);
  };
  socket.on('data', feed);
  socket.write(PREAMBLE);
  const privateKey = await generateIdentity('Ed25519');
  const { sendKey, receiveKey, rest } = await performHandshake('initiator', stream, {
    components: {
      privateKey,
      peerId: peerIdFromPrivateKey(privateKey),
      logger: { forComponent: () => log },
      upgrader: { getStreamMuxers: () => new Map([[YAMUX, {}]]) } as never,
    },
    staticKey: generateKeyPair(),
    options: undefined as never,
  });
  socket.off('data', feed);
  return takeOver(socket, new Sealer(sendKey), new Opener(receiveKey), rest, hungUp);
}

function takeOver(
  socket: Socket,
  sealer: Sealer,
  opener: Opener,
  rest: Uint8Array,
  hungUp: Promise<unknown>,
): RawRemote {
  const records = new RecordBuffer();
  const chunks: Uint8Array[] = [];
  const take = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const space = records.space();
      const end = Math.min(bytes.length, at + space.length);
      space.set(bytes.subarray(at, end));
      records.handleRead(end - at);
      at = end;
      for (let next = records.next(); next; next = records.next()) {
        chunks.push(opener.open(next) as Uint8Array);
      }
    }
  };
  take(rest);
  socket.on('data', take);
  const seal = (plain: Uint8Array): Buffer => Buffer.concat(sealer.seal([plain], plain.length)!);
  return {
    socket,
    seal,
    send: (...plain) => void socket.write(seal(Buffer.concat(plain))),
    hungUp,
    received: () => Buffer.concat(chunks),
  };
}
