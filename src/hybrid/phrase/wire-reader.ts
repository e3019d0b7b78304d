// Reads a wire in steps of known lengths. What a remote sends beyond what is waited for is bounded.
import { HubswarmError } from '../../runtime/errors.ts';
import { Gathered } from '../../runtime/node/gathered.ts';
import type { Wire } from '../../swarm/wire.ts';

/** Most bytes that wait to be read. */
const MOST_WAITING = 8192;

interface Waiting {
  readonly length: number;
  resolve(bytes: Buffer): void;
  reject(error: unknown): void;
}

export class WireReader {
  readonly #wire: Wire;
  readonly #gathered = new Gathered(MOST_WAITING);
  #end: string | undefined;
  #waiting: Waiting | undefined;

  /** Create it as soon as the wire exists. */
  constructor(wire: Wire) {
    this.#wire = wire;
    wire.onData((chunk) => this.#take(chunk));
    wire.onEnd((reason) => {
      this.#end = reason;
      this.#settle();
    });
  }

  /** The next bytes. One call at a time. @throws HubswarmError ERR_REMOTE when the wire ends before */
  read(length: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { length, resolve, reject };
      this.#settle();
    });
  }

  #take(chunk: Uint8Array): void {
    if (this.#gathered.add(chunk)) this.#settle();
    else this.#wire.abort('too much at once');
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    if (this.#gathered.bytes.length >= waiting.length) {
      this.#waiting = undefined;
      waiting.resolve(this.#gathered.take(waiting.length));
    } else if (this.#end !== undefined) {
      this.#waiting = undefined;
      waiting.reject(new HubswarmError('ERR_REMOTE', `${this.#wire.remote} ended: ${this.#end}`));
    }
  }
}
