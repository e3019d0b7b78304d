// Probes over the connection of the pieces, so that they wait in the same queue: pings of libp2p,
// which every peer answers at once. Several may be out at a time; they come back in the order in
// which they left. Their bytes are random, so that none can be answered before it has come.
import { randomBytes } from 'node:crypto';
import type { Stream, StreamMessageEvent } from '@libp2p/interface';
import { guarded } from '../../runtime/guarded.ts';

export const PROBE_PROTOCOL = '/ipfs/ping/1.0.0';
/** Length of a ping in bytes, as the protocol says. */
const PROBE_LENGTH = 32;
/**
 * Most probes that are out. Beyond that the line is so slow that further ones tell no more. Chosen.
 */
const MOST_OUT = 10;

export interface Probe {
  readonly sentAt: number;
  /** See Echo.sentBytes. */
  readonly sentBytes: number;
}

interface Out extends Probe {
  readonly payload: Buffer;
}

export class ProbeStream {
  readonly #stream: Stream;
  readonly #onEcho: (probe: Probe) => void;
  readonly #out: Out[] = [];
  #came = Buffer.alloc(0);

  constructor(stream: Stream, onEcho: (probe: Probe) => void) {
    this.#stream = stream;
    this.#onEcho = onEcho;
    const take = ({ data }: StreamMessageEvent): void => this.#take(Buffer.from(data.subarray()));
    stream.addEventListener(
      'message',
      guarded('hearing a ping', take, () => this.close()),
    );
  }

  /** Whether neither side has ended it: js-libp2p does so after 10 s. */
  get open(): boolean {
    return this.#stream.status === 'open' && this.#stream.remoteWriteStatus === 'writable';
  }

  /** The probe that is out for longest. */
  get oldest(): Probe | undefined {
    return this.#out[0];
  }

  send(probe: Probe): void {
    if (this.#out.length >= MOST_OUT) return;
    const payload = randomBytes(PROBE_LENGTH);
    this.#out.push({ ...probe, payload });
    this.#stream.send(payload);
  }

  close(): void {
    this.#stream.abort(new Error('no longer needed'));
  }

  #take(bytes: Buffer): void {
    this.#came = Buffer.concat([this.#came, bytes]);
    while (this.#came.length >= PROBE_LENGTH) {
      const probe = this.#out.shift();
      if (!probe?.payload.equals(this.#came.subarray(0, PROBE_LENGTH))) {
        this.#stream.abort(new Error('not the ping that was sent'));
        return;
      }
      this.#came = this.#came.subarray(PROBE_LENGTH);
      this.#onEcho(probe);
    }
  }
}
