// A plain sink that hashes its bytes as they pass, if a server named the digest of the whole file.
// A partial file is hashed first when it is continued.
import { createHash } from 'node:crypto';
import type { FileAttributes } from '../../content/attributes.ts';
import type { PlainSink, PlainVersion } from './plain-sink.ts';

export class HashedSink implements PlainSink {
  readonly #sink: PlainSink;
  /** Set it before the first byte of a pipe: bytes that pass unhashed are lost for the hash. */
  hashing = false;
  #hash = createHash('sha256');
  /** Bytes that the hash has seen. */
  #hashed = 0;

  constructor(sink: PlainSink) {
    this.#sink = sink;
  }

  get position(): number {
    return this.#sink.position;
  }

  get version(): PlainVersion | undefined {
    return this.#sink.version;
  }

  async restart(version: PlainVersion | undefined): Promise<void> {
    await this.#sink.restart(version);
    this.#reset();
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (!this.hashing) return this.#sink.append(bytes);
    await this.#catchUp();
    await this.#sink.append(bytes);
    this.#hash.update(bytes);
    this.#hashed += bytes.length;
  }

  rewind(position: number): void {
    this.#sink.rewind(position);
  }

  read(): AsyncIterable<Uint8Array> {
    return this.#sink.read();
  }

  /** The sha-256 of all bytes here, in base64. */
  async digest(): Promise<string> {
    await this.#catchUp();
    return this.#hash.copy().digest('base64');
  }

  publish(attributes: FileAttributes): Promise<string> {
    return this.#sink.publish(attributes);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #reset(): void {
    this.#hash = createHash('sha256');
    this.#hashed = 0;
  }

  async #catchUp(): Promise<void> {
    if (this.#hashed === this.#sink.position) return;
    this.#reset();
    for await (const bytes of this.#sink.read()) {
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
    }
  }
}
