// The files of a form (multipart/form-data, RFC 7578), one after another as their bytes come: a file
// begins only when the one before is stored. What is no file is passed over. The parser is fastify's;
// here are limits, order and the end.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { BusboyInstance } from '@fastify/busboy';
import { guarded } from '../../runtime/guarded.ts';
import { HttpFailure } from '../message/http-failure.ts';

/** Chosen: more than a person selects; a form holds no place for each of them. */
const MAX_FILES = 10_000;
const MAX_FIELDS = 100;
/** A field is kept until it is whole, and is of no use. Chosen. */
const MAX_FIELD_BYTES = 1024;
/** A name may have 255 bytes, and each may be escaped. Chosen. */
const MAX_HEAD_BYTES = 4096;
const MAX_HEAD_FIELDS = 16;
/** RFC 2046 section 5.1.1. */
const BOUNDARY = /;\s*boundary=(?:"[^"]{1,70}"|[^\s";,]{1,70})\s*(?:;|$)/i;

const TYPE = 'multipart/form-data';

/** Stores a file. @param name as the form gives it; undefined if it gives none */
export type TakeFile = (name: string | undefined, bytes: AsyncIterable<Buffer>) => Promise<void>;

/** @throws HttpFailure 400, 415 */
export async function openForm(headers: IncomingHttpHeaders, take: TakeFile): Promise<FormFiles> {
  const type = headers['content-type'] ?? '';
  if (type.split(';')[0]!.trim().toLowerCase() !== TYPE) {
    throw new HttpFailure(415, `a form of files is taken here, as ${TYPE}`, {
      'Accept-Post': TYPE,
    });
  }
  if (!BOUNDARY.test(type)) throw new HttpFailure(400, 'the form has no boundary');
  const { default: parsers } = await import('@fastify/busboy');
  const limits = {
    files: MAX_FILES,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    headerSize: MAX_HEAD_BYTES,
    headerPairs: MAX_HEAD_FIELDS,
  };
  const options = { headers: { 'content-type': type.trim() }, limits, preservePath: true };
  return new FormFiles(new parsers.Busboy(options), take);
}

export class FormFiles {
  readonly #parser: BusboyInstance;
  readonly #open = new Set<Readable>();
  /** Settles when all files but the last one that began are stored. */
  #earlier: Promise<void> = Promise.resolve();
  /** Settles when all files that began are stored. */
  #all: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  /** Ends what waits for the parser. */
  #stop: (error: unknown) => void = () => {};

  constructor(parser: BusboyInstance, take: TakeFile) {
    this.#parser = parser;
    const begin = (_field: string | undefined, bytes: Readable, name?: string): void => {
      this.#open.add(bytes);
      bytes.on('error', fail);
      const store = async (): Promise<void> => {
        if (this.#failure) throw this.#failure.error;
        // The reason why a file is not stored must come before that its bytes end.
        await take(name, bytes.iterator({ destroyOnReturn: false }));
        this.#open.delete(bytes);
      };
      this.#earlier = this.#all;
      this.#all = this.#all.then(store);
      this.#all.catch(fail);
    };
    const fail = guarded('ending a form', (error: unknown) => this.end(error));
    const tooMany = guarded('refusing a form', () =>
      this.end(new HttpFailure(413, `a form has at most ${MAX_FILES} files`)),
    );
    parser.on('file', guarded('taking a file of a form', begin, fail));
    parser.on('filesLimit', tooMany);
    parser.on('fieldsLimit', tooMany);
    parser.on(
      'error',
      guarded('reading a form', () => this.end(malformed())),
    );
  }

  /** Resolves when the next chunk may come. Rejects with what a file's storing threw. */
  take(chunk: Buffer): Promise<void> {
    return this.#until((done) => {
      const taken = guarded('taking bytes of a form', () => this.#earlier.then(done, done), done);
      this.#parser.write(chunk, taken);
    });
  }

  /** Call after the last chunk; resolves when every file is stored. @throws as take() */
  async finish(): Promise<void> {
    await this.#until((done) => {
      this.#parser.once('finish', guarded('ending a form', done));
      this.#parser.end();
    });
    await this.#all;
  }

  /** Gives up the files that are not stored. */
  end(error: unknown): void {
    this.#failure ??= { error };
    for (const bytes of this.#open) bytes.destroy(error as Error);
    this.#stop(this.#failure.error);
  }

  /** Resolves when nothing of the form is written any more. */
  async settle(): Promise<void> {
    await this.#all.catch(() => undefined);
  }

  #until(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      this.#stop = reject;
      begin(resolve);
    });
  }
}

const malformed = (): HttpFailure =>
  new HttpFailure(400, 'the form is malformed, or ends too soon');
