// The access log: a line for each request, collected and appended once a second, so that no request
// waits for a disk. A disk that is full or too slow costs lines (counted, and reported once), never
// memory or an answer. A rotated log is opened again by its name; earlier lines are in the old
// file. A pipe is opened without waiting for its reader, and its reader may delay the log only for
// a short time.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { lookAt, openStream } from '../../disk/place/target-place.ts';
import { describeError, fileError, HubswarmError, reworded } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit, Event } from '../../telemetry/event.ts';
import { formatLine, type LogFormat } from './log-line.ts';

export interface AccessLogOptions {
  /** The file's path; `-` for standard output. */
  readonly path: string;
  readonly format: LogFormat;
}

const FLUSH_MS = 1000;
/** Lines are written at this length, before the second is over. Chosen: some hundred requests. */
const FLUSH_BYTES = 64 * 1024;
/** Most bytes that wait for a slow disk. Chosen. */
const MAX_WAITING_BYTES = 8 * 2 ** 20;
/** Logs name clients: other users of the machine need not read them. */
const MODE = 0o640;
// A file may be replaced by a pipe between the look and the opening.
const APPEND =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;
/** How long a pipe's reader may leave lines unread, also at the end. Chosen. */
const TAKEN_WITHIN_MS = 2000;

type Sink = Pick<FileHandle, 'appendFile' | 'close'>;

export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #emit: Emit;
  #sink: Sink;
  #waiting = '';
  /** The last write; writes and reopenings follow one another. */
  #last: Promise<void> = Promise.resolve();
  #writingBytes = 0;
  #lost = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(options: AccessLogOptions, sink: Sink, emit: Emit) {
    this.#options = options;
    this.#sink = sink;
    this.#emit = emit;
    this.#timer = setInterval(
      guarded('writing the access log', () => this.#flush()),
      FLUSH_MS,
    );
    this.#timer.unref();
  }

  /** @throws HubswarmError of the file system, naming the path */
  static async open(options: AccessLogOptions, emit: Emit): Promise<AccessLog> {
    return new AccessLog(options, await openSink(options.path), emit);
  }

  handleEvent(event: Event): void {
    if (event.event !== 'request_completed') return;
    if (this.#waiting.length + this.#writingBytes > MAX_WAITING_BYTES) {
      this.#lose(1, 'the disk does not keep up');
      return;
    }
    this.#waiting += `${formatLine(this.#options.format, event, new Date())}\n`;
    if (this.#waiting.length >= FLUSH_BYTES && this.#writingBytes === 0) this.#flush();
  }

  /** Opens the file of that name again; makes it if there is none. */
  reopen(): Promise<void> {
    this.#flush();
    this.#last = this.#last.then(async () => {
      try {
        const next = await openSink(this.#options.path);
        await this.#sink.close().catch(() => undefined);
        this.#sink = next;
        this.#lost = 0;
      } catch (error) {
        this.#emit({ event: 'warned', message: `the log stays as it is: ${describeError(error)}` });
      }
    });
    return this.#last;
  }

  /** Writes the waiting lines. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    await this.#last;
    await this.#sink.close();
  }

  #flush(): void {
    const lines = this.#waiting;
    if (lines === '') return;
    this.#waiting = '';
    this.#writingBytes += lines.length;
    this.#last = this.#last.then(() => this.#write(lines));
  }

  async #write(lines: string): Promise<void> {
    try {
      await this.#sink.appendFile(lines);
    } catch (error) {
      const count = lines.split('\n').length - 1;
      this.#lose(count, describeError(fileError(error, this.#options.path)));
    } finally {
      this.#writingBytes -= lines.length;
    }
  }

  /** Reports lost lines once, until the log is opened again. */
  #lose(lines: number, reason: string): void {
    if (this.#lost === 0) {
      this.#emit({ event: 'warned', message: `access log: lines are lost: ${reason}` });
    }
    this.#lost += lines;
  }
}

async function openSink(path: string): Promise<Sink> {
  if (path === '-') return streamSink(process.stdout);
  try {
    const place = await lookAt(path);
    if (place.kind === 'stream') return streamSink(await openStream(place));
    return await open(place.path, APPEND, MODE);
  } catch (error) {
    throw reworded(fileError(error, path), (message) => `--access-log: ${message}`);
  }
}

const isStandard = (out: Writable): boolean => out === process.stdout || out === process.stderr;

function streamSink(out: Writable): Sink {
  return {
    appendFile: (text) =>
      new Promise((resolve, reject) => {
        const late = new HubswarmError('ERR_TIMEOUT', 'its reader takes nothing');
        if (out.writableNeedDrain) return reject(late);
        const timer = setTimeout(() => reject(late), TAKEN_WITHIN_MS);
        const written = guarded('writing the access log', (error?: unknown) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        });
        out.write(text as string, written);
      }),
    close: async () => {
      // Standard output does not belong to the log.
      if (!isStandard(out)) out.destroy();
    },
  };
}
