// Protobuf messages behind their lengths on one stream, as libp2p's protocols of relays, AutoNAT and hole
// punching have them.
import type { Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { HubswarmError } from '../../runtime/errors.ts';
import { decodeFields, type Fields } from './fields.ts';

/** As the specifications have it; a longer message ends its stream before it is read. */
const MOST_BYTES = 4096;

/** Runs a conversation on a stream, and resets the stream if it fails. @throws as `run` */
export async function converse<T>(
  stream: Stream,
  run: (messages: MessageStream) => Promise<T>,
): Promise<T> {
  try {
    return await run(new MessageStream(stream));
  } catch (error) {
    stream.abort(error as Error);
    throw error;
  }
}

/** Messages of one stream, until its bytes are somebody else's. */
export class MessageStream {
  readonly #messages: ReturnType<typeof lpStream<Stream>>;

  constructor(stream: Stream) {
    this.#messages = lpStream(stream, { maxDataLength: MOST_BYTES });
  }

  /** @throws HubswarmError ERR_REMOTE for what is no message; libp2p's error; the signal's reason */
  async read(signal: AbortSignal): Promise<Fields> {
    const bytes = await this.#messages.read({ signal });
    const fields = decodeFields(bytes.subarray());
    if (!fields) throw new HubswarmError('ERR_REMOTE', 'sent no message');
    return fields;
  }

  write(message: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#messages.write(message, { signal });
  }

  /** The stream, with what came behind the last message. */
  unwrap(): Stream {
    return this.#messages.unwrap();
  }
}
