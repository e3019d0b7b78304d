// One connection of a terminal to the daemon. Lines come in, one command each, and are obeyed one
// after another; each is answered by lines of JSON, the last of which says how it ended. While a command
// runs, an empty line a second shows to each side that the other is there. A line has a limited length
// and must be whole in time, however its bytes drip; a reader that takes nothing is cut.
import type { Socket } from 'node:net';
import type { Timers } from '../runtime/clock.ts';
import { describeError, HubswarmError } from '../runtime/errors.ts';
import { guarded, unawaited } from '../runtime/guarded.ts';
import type { Event } from '../telemetry/event.ts';
import { formatEvent } from '../telemetry/ndjson.ts';
import { Lines } from './lines.ts';

/** Longest line: a path of 4096 bytes, each escaped, and the options beside it. Chosen. */
const MAX_LINE = 32 * 1024;
/** From the moment that a line may come until it is whole. Chosen: a person types meanwhile. */
const LINE_MS = 60_000;
const SIGN_MS = 1000;
/** A reader that is behind for so long is cut, also if it reads a byte now and then. Chosen. */
const STALL_MS = 30_000;
/** Time in which a terminal that is hung up on may read why. Chosen. */
const READ_WHY_MS = 1000;
/** Bytes that wait for a reader, from which on progress is not told. Chosen. */
const BEHIND = 64 * 1024;
/** Bytes that wait for a reader at most. Chosen: thousands of events. */
const MOST_WAITING = 2 ** 20;

/** Where what is to be told of one command goes. */
export interface Answer {
  /** Aborts when the terminal has gone. */
  readonly signal: AbortSignal;
  readonly emit: (event: Event) => void;
  /** Writes a line of JSON; resolves when there is room for the next. */
  write(line: object): Promise<void>;
}

export type Obey = (line: string, answer: Answer) => Promise<void>;

export class Conversation {
  readonly #socket: Socket;
  readonly #clock: Timers;
  readonly #obey: Obey;
  readonly #lines = new Lines();
  readonly #gone = new AbortController();
  #isOver = false;
  #busy = false;
  #behindSince: number | undefined;
  #cancelWait = (): void => {};

  constructor(socket: Socket, clock: Timers, obey: Obey) {
    this.#socket = socket;
    this.#clock = clock;
    this.#obey = obey;
    const leave = guarded('leaving a terminal', () => this.#leave());
    socket.on(
      'data',
      guarded('hearing a terminal', (chunk: Buffer) => this.#hear(chunk)),
    );
    socket.on(
      'end',
      guarded('hearing a terminal', () => this.#end()),
    );
    socket.on('error', leave);
    socket.on('close', leave);
    this.#await();
  }

  /** Ends it: what runs is aborted. */
  close(): void {
    this.#socket.destroy();
    this.#leave();
  }

  #leave(): void {
    this.#cancelWait();
    this.#gone.abort(new HubswarmError('ERR_ABORTED', 'the terminal has gone'));
  }

  /** For the next line. */
  #await(): void {
    if (this.#gone.signal.aborted) return;
    this.#cancelWait();
    this.#cancelWait = this.#clock.after(LINE_MS, 'hanging up on a terminal', () =>
      this.#refuse('ERR_TIMEOUT', `no whole line within ${LINE_MS / 1000} s`),
    );
  }

  #hear(chunk: Buffer): void {
    if (this.#gone.signal.aborted) return;
    this.#lines.push(chunk);
    if (this.#lines.waiting > MAX_LINE) {
      this.#refuse('ERR_TOO_LARGE', `lines of ${MAX_LINE} characters at most are taken`);
      return;
    }
    this.#next();
  }

  #end(): void {
    this.#isOver = true;
    this.#next();
  }

  #next(): void {
    if (this.#busy || this.#gone.signal.aborted) return;
    const line = this.#lines.take() ?? (this.#isOver ? this.#lines.last() : undefined);
    if (line === undefined) return;
    if (line === '') {
      if (this.#isOver) this.#socket.end();
      else this.#next();
      return;
    }
    this.#busy = true;
    unawaited('obeying a terminal', this.#run(line), () => this.close());
  }

  async #run(line: string): Promise<void> {
    this.#cancelWait();
    const cancelSigns = this.#clock.every(SIGN_MS, 'giving a sign', () => this.#sign());
    const [word = ''] = line.split(/\s/, 1);
    const answer: Answer = {
      signal: this.#gone.signal,
      emit: (event) => this.#emit(event),
      write: (json) => this.#write(`${JSON.stringify(json)}\n`),
    };
    try {
      await this.#obey(line, answer);
      this.#emit({ event: 'command_completed', command: word });
    } catch (error) {
      this.#emit({ event: 'command_failed', command: word, ...describe(error) });
    }
    // Signs go on, since they see whether it is read.
    await this.#write('').finally(cancelSigns);
    this.#busy = false;
    this.#await();
    this.#next();
  }

  #emit(event: Event): void {
    const { writableLength } = this.#socket;
    const isProgress = event.event === 'transfer_progressed' || event.event === 'piece_verified';
    if (isProgress && writableLength > BEHIND) return;
    if (writableLength > MOST_WAITING) return this.close();
    this.#send(formatEvent(event));
  }

  async #write(text: string): Promise<void> {
    this.#send(text);
    while (this.#socket.writableNeedDrain && !this.#gone.signal.aborted) {
      await this.#clock.sleep(10, this.#gone.signal).catch(() => undefined);
    }
  }

  #send(text: string): void {
    if (!this.#gone.signal.aborted && text !== '') this.#socket.write(text);
  }

  /** That this side lives; and whether the other one reads. */
  #sign(): void {
    if (!this.#socket.writableNeedDrain) {
      this.#behindSince = undefined;
      this.#send('\n');
      return;
    }
    this.#behindSince ??= this.#clock.now();
    if (this.#clock.now() - this.#behindSince > STALL_MS) this.close();
  }

  #refuse(code: 'ERR_TIMEOUT' | 'ERR_TOO_LARGE', message: string): void {
    this.#cancelWait();
    this.#send(formatEvent({ event: 'command_failed', command: '', code, message }));
    this.#socket.end();
    this.#leave();
    // What still comes is thrown away meanwhile: who writes would be cut before it reads.
    this.#cancelWait = this.#clock.after(READ_WHY_MS, 'hanging up on a terminal', () =>
      this.#socket.destroy(),
    );
  }
}

function describe(error: unknown): { code: string; message: string } {
  const code = error instanceof HubswarmError ? error.code : 'ERR_REMOTE';
  return { code, message: describeError(error) };
}
