// Where a file of a plain HTTP server goes, for want of hashes as one growing prefix:
// a pipe or device here, a file in plain-file.ts.
import { Readable } from 'node:stream';
import { HubswarmError } from '../../runtime/errors.ts';
import { invariant } from '../../runtime/invariant.ts';
import { type Outlet, writeOut } from './write-out.ts';

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

export class PlainStreamSink implements PlainSink {
  readonly #outlet: Outlet;
  position = 0;
  origin: PlainOrigin | undefined;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  async restart(origin: PlainOrigin | undefined): Promise<void> {
    if (this.position > 0) {
      throw new HubswarmError(
        'ERR_SOURCE_CHANGED',
        `${this.#outlet.name}: the transfer broke off and cannot be continued on this server`,
      );
    }
    this.origin = origin;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeOut(this.#outlet, bytes);
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
    return this.#outlet.name;
  }

  async close(): Promise<void> {}
}
