// A Noise handshake by @chainsafe/libp2p-noise on a connection whose transport phase is ours. The
// library is given the messages of the handshake and not a byte more; what the remote sent after
// them stays here. The transport keys are the outputs of the only key derivation without input
// (Noise 5.2, Split), seen through the library's `crypto` option.
import { type ICryptoInterface, type KeyPair, noise } from '@chainsafe/libp2p-noise';
import type {
  MessageStream,
  SecuredConnection,
  StreamCloseEvent,
  StreamMessageEvent,
} from '@libp2p/interface';
import { AbstractMessageStream } from '@libp2p/utils';
import { Uint8ArrayList } from 'uint8arraylist';
import { guarded } from '../../runtime/guarded.ts';
import { nativeCrypto } from './key-agreement.ts';

export type NoiseFactory = ReturnType<typeof noise>;
export type NoiseComponents = Parameters<NoiseFactory>[0];
export type Encrypter = ReturnType<NoiseFactory>;
type Secured = SecuredConnection & Awaited<ReturnType<Encrypter['secureOutbound']>>;
type Options = Parameters<Encrypter['secureOutbound']>[1];

/** What comes of a handshake. */
export interface Transport {
  /** As the library returned it: who the remote is, and which muxer was agreed on. */
  readonly secured: Secured;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** What the remote sent after its last message of the handshake. */
  readonly rest: Uint8Array;
}

export type Role = 'initiator' | 'responder';

/** Messages of the XX handshake that each side receives. */
const MESSAGES_IN: Readonly<Record<Role, number>> = { initiator: 1, responder: 2 };

/** A remote may send this much before our side has checked who it is. Chosen. */
const MOST_EARLY_BYTES = 2 ** 20;

/** @throws what the library throws; the connection is the caller's to abort */
export async function performHandshake(
  role: Role,
  connection: MessageStream,
  {
    components,
    staticKey,
    options,
  }: { components: NoiseComponents; staticKey: KeyPair; options: Options },
): Promise<Transport> {
  const keys = new TransportKeys();
  const encrypter = noise({
    crypto: keys.crypto(staticKey),
    staticNoiseKey: staticKey.privateKey,
  })(components);
  const stream = new HandshakeStream(connection, MESSAGES_IN[role]);
  try {
    const isInitiator = role === 'initiator';
    const secured = await (isInitiator
      ? encrypter.secureOutbound(stream, options)
      : encrypter.secureInbound(stream, options));
    const [first, second] = keys.split;
    return {
      secured,
      sendKey: isInitiator ? first : second,
      receiveKey: isInitiator ? second : first,
      rest: stream.rest,
    };
  } finally {
    stream.detach();
  }
}

/** Watches the key derivations of one handshake. */
class TransportKeys {
  #split: readonly [Uint8Array, Uint8Array] | undefined;

  /** The initiator's key and the responder's. */
  get split(): readonly [Uint8Array, Uint8Array] {
    if (!this.#split) throw new Error('the handshake ended without transport keys');
    return this.#split;
  }

  crypto(staticKey: KeyPair): ICryptoInterface {
    return {
      ...nativeCrypto,
      generateX25519KeyPairFromSeed: () => staticKey,
      getHKDF: (salt, input) => {
        const keys = nativeCrypto.getHKDF(salt, input);
        if (input.length === 0) this.#split = [keys[0], keys[1]];
        return keys;
      },
    };
  }
}

/** A connection as far as the handshake may see it. */
class HandshakeStream extends AbstractMessageStream {
  readonly #connection: MessageStream;
  readonly #came = new Uint8ArrayList();
  #expected: number;
  #detach: () => void;

  constructor(connection: MessageStream, expected: number) {
    super({ log: connection.log, direction: connection.direction });
    this.#connection = connection;
    this.#expected = expected;
    const what = 'shaking hands';
    const message = guarded(what, ({ data }: StreamMessageEvent) => this.#handleData(data));
    const drain = guarded(what, () => this.safeDispatchEvent('drain'));
    const close = guarded(what, ({ error }: StreamCloseEvent) => this.onTransportClosed(error));
    connection.addEventListener('message', message);
    connection.addEventListener('drain', drain);
    connection.addEventListener('close', close);
    this.#detach = () => {
      connection.removeEventListener('message', message);
      connection.removeEventListener('drain', drain);
      connection.removeEventListener('close', close);
    };
  }

  get rest(): Uint8Array {
    return this.#came.subarray();
  }

  detach(): void {
    this.#detach();
  }

  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean } {
    // One write instead of one for each part.
    return { sentBytes: data.byteLength, canSendMore: this.#connection.send(data.subarray()) };
  }

  sendReset(error: Error): void {
    this.#connection.abort(error);
  }

  sendPause(): void {
    this.#connection.pause();
  }

  sendResume(): void {
    this.#connection.resume();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #handleData(data: Uint8Array | Uint8ArrayList): void {
    this.#came.append(data);
    while (this.#expected > 0 && this.#came.byteLength >= 2) {
      const length = 2 + this.#came.getUint16(0);
      if (this.#came.byteLength < length) break;
      const message = this.#came.slice(0, length);
      this.#came.consume(length);
      this.#expected--;
      this.onData(message);
    }
    if (this.#came.byteLength > MOST_EARLY_BYTES) {
      this.#connection.abort(new Error('sends too much before it is known'));
    }
  }
}
