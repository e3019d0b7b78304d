// Where a file of a plain HTTP server goes, in order from its start: a pipe or device here, a file
// in plain-file.ts.
import { Readable } from 'node:stream';
import type { FileAttributes } from '../../content/attributes.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { invariant } from '../../runtime/invariant.ts';
import { type Outlet, writeOut } from './write-out.ts';

/** One version of a file at one server. */
export interface PlainVersion {
  readonly url: string;
  /** A strong validator. */
  readonly validator: string;
  /** The content coding that the server gave it. */
  readonly coding?: string | undefined;
  readonly bytes: number;
}

export interface PlainSink {
  /** Number of bytes here, from the start. */
  readonly position: number;
  /** The server and version of the bytes; undefined if they cannot be continued. */
  readonly version: PlainVersion | undefined;
  /** Drops the bytes here. @throws HubswarmError ERR_SOURCE_CHANGED if they cannot be taken back */
  restart(version: PlainVersion | undefined): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Goes back to an earlier byte of the same version. */
  rewind(position: number): void;
  /** Reads the bytes up to the position. Each part is valid until the next is asked for. */
  read(): AsyncIterable<Uint8Array>;
  /** Gives the complete file its name. Resolves to its path. */
  publish(attributes: FileAttributes): Promise<string>;
  close(): Promise<void>;
}

export class PlainStreamSink implements PlainSink {
  readonly #outlet: Outlet;
  position = 0;
  version: PlainVersion | undefined;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  async restart(version: PlainVersion | undefined): Promise<void> {
    if (this.position > 0) {
      throw new HubswarmError(
        'ERR_SOURCE_CHANGED',
        `${this.#outlet.name}: the transfer broke off and cannot be continued on this server`,
      );
    }
    this.version = version;
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
