// A stream of a relay's connection as the raw connection below another one: libp2p then secures it and
// opens streams over it, with the stock layers (decision 0045).
import type { AbortOptions, MultiaddrConnection, Stream } from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';
import { guarded, unawaited } from '../../runtime/guarded.ts';

const WHAT = 'relayed bytes';

class CircuitConnection extends AbstractMultiaddrConnection {
  readonly #stream: Stream;

  constructor(stream: Stream, remoteAddr: Multiaddr, direction: 'inbound' | 'outbound') {
    super({ remoteAddr, direction, log: stream.log.newScope('circuit') });
    this.#stream = stream;
    const cut = (error: unknown): void => this.abort(error as Error);
    const listen = stream.addEventListener.bind(stream);
    listen(
      'close',
      guarded(WHAT, ({ error }) => this.onTransportClosed(error)),
    );
    listen(
      'drain',
      guarded(WHAT, () => this.safeDispatchEvent('drain')),
    );
    const end = guarded(WHAT, () => {
      this.onRemoteCloseWrite();
      unawaited(WHAT, this.close().catch(cut));
    });
    listen('remoteCloseWrite', end);
    listen(
      'message',
      guarded(WHAT, ({ data }) => this.onData(data), cut),
    );
  }

  sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#stream.send(data) };
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    await this.#stream.close(options);
  }

  sendReset(error: Error): void {
    this.#stream.abort(error);
  }

  sendPause(): void {
    this.#stream.pause();
  }

  sendResume(): void {
    this.#stream.resume();
  }
}

/** @param remoteAddr over the relay, with the PeerId of the far end if it must have that one */
export const circuitConnection = (
  stream: Stream,
  remoteAddr: Multiaddr,
  direction: 'inbound' | 'outbound',
): MultiaddrConnection => new CircuitConnection(stream, remoteAddr, direction);
