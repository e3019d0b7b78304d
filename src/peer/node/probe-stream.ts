// Probes over the connection of the pieces, so that they wait in the same queue. Several may be out
// at a time; they come back in the order in which they left. Their bytes are random, so that none can
// be answered before it has come. Two protocols carry them: pings of libp2p, which every peer answers
// at once, and Hubswarm's own, whose answers also tell when the probe came.
import { randomBytes } from 'node:crypto';
import type { Stream, StreamMessageEvent } from '@libp2p/interface';
import { guarded } from '../../runtime/guarded.ts';
import { PROBE_LENGTH, PROBE_PROTOCOL, readArrival, STAMP_LENGTH } from './probe-answers.ts';

export const PING_PROTOCOL = '/ipfs/ping/1.0.0';
/**
 * Most probes that are out. Beyond that the line is so slow that further ones tell no more. Chosen.
 */
const MOST_OUT = 10;

export interface Probe {
  readonly sentAt: number;
  /** See Echo.sentBytes. */
  readonly sentBytes: number;
}

export interface AnsweredProbe extends Probe {
  /** When it came, in milliseconds by the other's clock; undefined from one that does not tell. */
  readonly arrivedAt: number | undefined;
}

interface Out extends Probe {
  readonly payload: Buffer;
}

export class ProbeStream {
  readonly #stream: Stream;
  readonly #onEcho: (probe: AnsweredProbe) => void;
  readonly #out: Out[] = [];
  readonly #answerLength: number;
  #came = Buffer.alloc(0);

  constructor(stream: Stream, onEcho: (probe: AnsweredProbe) => void) {
    this.#stream = stream;
    this.#onEcho = onEcho;
    this.#answerLength = PROBE_LENGTH + (this.tellsArrival ? STAMP_LENGTH : 0);
    const take = ({ data }: StreamMessageEvent): void => this.#take(Buffer.from(data.subarray()));
    stream.addEventListener(
      'message',
      guarded('hearing a probe', take, () => this.close()),
    );
  }

  /** Whether neither side has ended it: js-libp2p does so after 10 s. */
  get open(): boolean {
    return this.#stream.status === 'open' && this.#stream.remoteWriteStatus === 'writable';
  }

  get tellsArrival(): boolean {
    return this.#stream.protocol === PROBE_PROTOCOL;
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
    while (this.#came.length >= this.#answerLength) {
      const probe = this.#out.shift();
      if (!probe?.payload.equals(this.#came.subarray(0, PROBE_LENGTH))) {
        this.#stream.abort(new Error('not the probe that was sent'));
        return;
      }
      const arrivedAt = this.tellsArrival ? readArrival(this.#came) : undefined;
      this.#came = this.#came.subarray(this.#answerLength);
      this.#onEcho({ sentAt: probe.sentAt, sentBytes: probe.sentBytes, arrivedAt });
    }
  }
}
