// Where a file of a plain HTTP server goes, for want of hashes as one growing prefix:
// standard output here, a file in plain-file.ts.
import { Readable, type Writable } from 'node:stream';
import { HubswarmError } from '../runtime/errors.ts';
import { invariant } from '../runtime/invariant.ts';
import { writeOut } from './write-out.ts';

/** One version of a file at one server. */
export interface PlainOrigin {
  readonly url: string;
  /** Strong. */
  readonly validator: string;
  readonly bytes: number;
}

export interface PlainSink {
  /** Bytes that are here, from the start. */
  readonly position: number;
  /** Whose bytes these are; undefined when they cannot be continued. */
  readonly origin: PlainOrigin | undefined;
  /** Drops what is here. @throws HubswarmError ERR_SOURCE_CHANGED when it cannot be taken back */
  restart(origin: PlainOrigin | undefined): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Goes on from an earlier byte of the same origin. */
  rewind(position: number): void;
  /** The bytes up to the position, in parts that are valid until the next is asked for. */
  read(): AsyncIterable<Uint8Array>;
  /** Gives whole content its name; resolves to its path. */
  publish(): Promise<string>;
  close(): Promise<void>;
}

export class PlainStdoutSink implements PlainSink {
  readonly #out: Writable;
  position = 0;
  origin: PlainOrigin | undefined;

  constructor(out: Writable) {
    this.#out = out;
  }

  async restart(origin: PlainOrigin | undefined): Promise<void> {
    if (this.position > 0) {
      throw new HubswarmError(
        'ERR_SOURCE_CHANGED',
        'standard output: the transfer broke off and cannot be continued on this server',
      );
    }
    this.origin = origin;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeOut(this.#out, bytes);
    this.position += bytes.length;
  }

  rewind(position: number): void {
    invariant(position === this.position, 'a pipe takes nothing back');
  }

  read(): AsyncIterable<Uint8Array> {
    invariant(this.position === 0, 'a pipe keeps nothing');
    return Readable.from([]);
  }

  async publish(): Promise<string> {
    return '-';
  }

  async close(): Promise<void> {}
}
