// Where a file of a plain HTTP server goes, for want of hashes as one growing
// prefix. On disk: `<target>.part` and, as long as a strong validator allows to
// go on another time, `<target>.part.json` beside it that says whose bytes these
// are. The order keeps a kill harmless: the sidecar is removed before the partial
// is cut and written after.
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { z } from 'zod';
import { allocAligned } from '../content/aligned-buffer.ts';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import { invariant } from '../runtime/invariant.ts';
import { writeOut } from './write-out.ts';

/** Of a partial that is hashed again. */
const READ_BYTES = 2 ** 20;

/** One version of a file at one server. */
const originSchema = z.object({
  url: z.string(),
  validator: z.string(),
  bytes: z.number().int().nonnegative(),
});
export type PlainOrigin = z.infer<typeof originSchema>;

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

export class PlainFileSink implements PlainSink {
  readonly #target: string;
  readonly #overwrite: boolean;
  readonly #handle: FileHandle;
  position: number;
  origin: PlainOrigin | undefined;

  private constructor(
    place: { target: string; overwrite: boolean },
    handle: FileHandle,
    start: { position: number; origin: PlainOrigin | undefined },
  ) {
    this.#target = place.target;
    this.#overwrite = place.overwrite;
    this.#handle = handle;
    this.position = start.position;
    this.origin = start.origin;
  }

  /** @throws HubswarmError ERR_EXISTS, ERR_NOT_FOUND, ERR_NOT_PERMITTED */
  static async open(target: string, overwrite: boolean): Promise<PlainFileSink> {
    if (!overwrite && (await exists(target))) throw existsError(target);
    const origin = await readSidecar(sidecarOf(target));
    try {
      const handle = await open(partialOf(target), origin ? 'r+' : 'w').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return open(partialOf(target), 'w');
        throw error;
      });
      const { size } = await handle.stat();
      const position = origin && size <= origin.bytes ? size : 0;
      return new PlainFileSink({ target, overwrite }, handle, { position, origin });
    } catch (error) {
      throw fileError(error, partialOf(target));
    }
  }

  async restart(origin: PlainOrigin | undefined): Promise<void> {
    const sidecar = sidecarOf(this.#target);
    try {
      await rm(sidecar, { force: true });
      await this.#handle.truncate(0);
      this.position = 0;
      this.origin = origin;
      if (origin) await writeSidecar(sidecar, origin);
    } catch (error) {
      throw fileError(error, partialOf(this.#target));
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.position);
      if (bytesWritten < bytes.length) {
        throw new HubswarmError(
          'ERR_DISK_FULL',
          `${partialOf(this.#target)}: could not be written`,
        );
      }
    } catch (error) {
      throw fileError(error, partialOf(this.#target));
    }
    this.position += bytes.length;
  }

  rewind(position: number): void {
    this.position = position;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const buffer = allocAligned(READ_BYTES);
    for (let at = 0; at < this.position; ) {
      const wanted = Math.min(buffer.length, this.position - at);
      const { bytesRead } = await this.#handle.read(buffer, 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async publish(): Promise<string> {
    const partial = partialOf(this.#target);
    try {
      await this.#handle.sync();
      if (this.#overwrite) await rename(partial, this.#target);
      else {
        // link() does not replace what came there meanwhile, as rename() would.
        await link(partial, this.#target);
        await rm(partial);
      }
      await rm(sidecarOf(this.#target), { force: true });
      await syncDirectory(dirname(this.#target));
    } catch (error) {
      throw fileError(error, this.#target);
    }
    return this.#target;
  }

  /** A partial that nothing can continue is not left behind. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (!this.origin) await rm(partialOf(this.#target), { force: true });
  }
}

const partialOf = (target: string): string => `${target}.part`;
const sidecarOf = (target: string): string => `${target}.part.json`;

function existsError(target: string): HubswarmError {
  return new HubswarmError(
    'ERR_EXISTS',
    `${target}: already exists; give -o to name the file, or --force to replace it`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, path);
  }
}

/** Undefined when there is none that makes sense: the download then starts anew. */
async function readSidecar(path: string): Promise<PlainOrigin | undefined> {
  try {
    const found = originSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return found.success ? found.data : undefined;
  } catch {
    return undefined;
  }
}

async function writeSidecar(path: string, origin: PlainOrigin): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(origin)}\n`);
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
