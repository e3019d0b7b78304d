// One process of the lab: when it is ready, what it says last, how it ends, and the CPU
// time it took. Holds that nothing started here outlives the lab: every process is in one
// set that is killed when the lab exits, for whatever reason it can still notice.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';
import { plainEnvironment } from '../../runtime/node/plain-environment.ts';
import { processCpuMs } from './cpu.ts';
import { onLines } from './lines.ts';

/** Time for a process to stop: it closes sockets and writes a line. */
const GRACE_MS = 3000;
/** Characters kept of the last line on stderr: enough for a sentence. */
const MAX_WORDS = 500;

const running = new Set<Program>();
process.on('exit', () => {
  for (const program of running) program.kill();
});

export interface ProgramOptions {
  /** A group of its own, which gets every signal: for a program with processes of its own. */
  readonly group?: boolean;
  /** Added to the lab's own environment (runtime/node/plain-environment.ts). */
  readonly env?: Readonly<Record<string, string>>;
  /** Directory that it starts in; the lab's own if left out. */
  readonly cwd?: string | undefined;
}

export class Program {
  readonly id: string;
  /** How it ended, unless the lab asked it to. */
  exit: { code: number | null; signal: string | null } | null = null;
  lastWords = '';
  /** The last CPU time read while it was alive. */
  cpuAtEndMs: number | null = null;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #group: boolean;
  readonly #ended: Promise<unknown>;
  readonly #listeners = new Set<() => void>();
  #asked = false;
  #over = false;
  #failure: Error | undefined;

  /** @param command a program and its arguments; the process id must stay its own */
  constructor(
    id: string,
    command: readonly string[],
    { group = false, env = {}, cwd }: ProgramOptions = {},
  ) {
    this.id = id;
    this.#group = group;
    const [program, ...args] = command;
    this.#process = spawn(program!, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: group,
      cwd,
      env: { ...plainEnvironment(process.env), ...env },
    });
    running.add(this);
    this.#process.on('error', (error) => {
      this.#failure = spawnError(error, id);
      this.#finish(null, null);
    });
    // A process that is gone cannot be told to go; its exit says so already.
    this.#process.stdin.on('error', () => {});
    onLines(this.#process.stdout, (line) => this.take(line));
    onLines(this.#process.stderr, (line) => {
      if (line.trim()) this.hear(line.slice(0, MAX_WORDS));
    });
    // 'close' comes after the last line of its output, 'exit' may come before.
    this.#process.on('close', (code, signal) => this.#finish(code, signal));
    this.#ended = Promise.race([once(this.#process, 'close'), once(this.#process, 'error')]);
    this.#ended.catch(() => {});
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Calls back after each event and at the end, until unsubscribed. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when `isReady`, which is asked after each event, and may throw.
   *
   * @throws HubswarmError when the process ends or takes too long
   */
  async until(isReady: () => boolean, limitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      try {
        if (this.#failure) reject(this.#failure);
        else if (isReady()) resolve();
        else if (this.#over) reject(this.#tooSoon());
      } catch (error) {
        reject(error);
      }
    };
    const late = (): void =>
      reject(
        new HubswarmError('ERR_MEASUREMENT', `${this.id} was not ready within ${limitMs / 1000} s`),
      );
    const abort = (): void => reject(signal.reason);
    const timer = setTimeout(late, limitMs);
    const unwatch = this.watch(check);
    signal.addEventListener('abort', abort);
    try {
      signal.throwIfAborted();
      check();
      await promise;
    } finally {
      clearTimeout(timer);
      unwatch();
      signal.removeEventListener('abort', abort);
    }
  }

  cpuMs(): number | null {
    const ms = this.pid === undefined ? undefined : this.readCpuMs(this.pid);
    if (ms !== undefined) this.cpuAtEndMs = ms;
    return ms ?? null;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    // One that is only stopped, and then ends, ended by itself.
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') this.#asked = true;
    this.#signal(signal);
  }

  /** Resolves when it is gone. */
  async ended(): Promise<void> {
    await this.#ended.catch(() => {});
  }

  /** SIGTERM, and SIGKILL for one that does not heed it; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#asked = true;
    if (this.#over) return;
    const unwatch = this.watch(() => {
      if (this.hasLeft()) this.#signal('SIGKILL');
    });
    const timer = setTimeout(() => this.#signal('SIGKILL'), GRACE_MS);
    this.#signal('SIGTERM');
    // One that is stopped heeds nothing but this.
    this.#signal('SIGCONT');
    await this.#ended.catch(() => {});
    clearTimeout(timer);
    unwatch();
  }

  /** A line on its stdout. */
  protected take(_line: string): void {}

  /** A line on its stderr, not empty. */
  protected hear(line: string): void {
    this.lastWords = line;
  }

  /** It has ended; nobody was told yet. */
  protected handleEnd(_code: number | null): void {}

  /** Whether what it still does need not be waited for. */
  protected hasLeft(): boolean {
    return false;
  }

  protected readCpuMs(pid: number): number | undefined {
    return processCpuMs(pid);
  }

  /** Writes a line to its stdin. */
  protected write(text: string): void {
    this.#process.stdin.write(text);
  }

  /** Tells those that watch it. */
  protected tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#group || this.pid === undefined) {
      this.#process.kill(signal);
      return;
    }
    // A group's number is not given again while one of it lives; then nobody may be meant.
    if (this.#over) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Its last one ended between two looks.
    }
  }

  #finish(code: number | null, signal: string | null): void {
    if (this.#over) return;
    this.#over = true;
    running.delete(this);
    if (!this.#asked) this.exit = { code, signal };
    this.handleEnd(code);
    this.tell();
  }

  #tooSoon(): HubswarmError {
    const how = this.exit?.signal ?? `exit code ${this.exit?.code}`;
    const words = this.lastWords ? `: ${this.lastWords}` : '';
    return new HubswarmError(
      'ERR_MEASUREMENT',
      `${this.id} ended before it was ready (${how})${words}`,
    );
  }
}

function spawnError(error: Error, id: string): HubswarmError {
  const full = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'].includes(systemCode(error) ?? '');
  return new HubswarmError(
    'ERR_MEASUREMENT',
    full
      ? `${id} cannot be started (${systemCode(error)}): give fewer --receivers, or raise the limits (ulimit -n, ulimit -u)`
      : `${id} cannot be started: ${error.message}`,
    { cause: error },
  );
}
