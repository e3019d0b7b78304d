// One process of the binary under test: its events, its readiness, its end. Holds
// that nothing started here outlives the lab: every child is in one set that is
// killed when this process exits, for whatever reason it can still notice.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { HubswarmError, systemCode } from '../runtime/errors.ts';
import type { Stamped } from '../telemetry/event.ts';
import { parseEvent } from '../telemetry/ndjson.ts';
import { processCpuMs } from './cpu.ts';

/** For a process that was asked to stop: it only has to close sockets and write a line. */
const GRACE_MS = 3000;
/** Of stderr, the line that is kept: enough for a sentence. */
const MAX_WORDS = 500;

const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) child.kill();
});

export interface ChildOptions {
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class Child {
  readonly id: string;
  readonly events: Stamped[] = [];
  /** How it ended, unless the lab asked it to. */
  exit: { code: number | null; signal: string | null } | null = null;
  lastWords = '';
  /** The last CPU time read while it was alive. */
  cpuAtEndMs: number | null = null;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  readonly #listeners = new Set<() => void>();
  #asked = false;
  #over = false;
  #failure: Error | undefined;

  /**
   * Starts `node cliPath args...`.
   *
   * @param options.wrapper a command that becomes the one behind it, as `ip netns exec NAME`
   * does: the process id, and with it signals and CPU time, must be the node's own
   * @param options.env beside the lab's own
   */
  constructor(
    id: string,
    cliPath: string,
    args: readonly string[],
    { wrapper = [], env = {} }: ChildOptions = {},
  ) {
    this.id = id;
    const [command, ...rest] = [...wrapper, process.execPath, cliPath, ...args];
    this.#process = spawn(command!, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(this);
    this.#process.on('error', (error) => {
      this.#failure = spawnError(error, id);
      this.#finish(null, null);
    });
    // A child that is gone cannot be told to go; its exit says so already.
    this.#process.stdin.on('error', () => {});
    const lines = createInterface({ input: this.#process.stdout });
    lines.on('line', (line) => this.#take(line));
    createInterface({ input: this.#process.stderr }).on('line', (line) => {
      if (line.trim()) this.lastWords = line.slice(0, MAX_WORDS);
    });
    // 'close' comes after the last line of its output, 'exit' may come before.
    this.#process.on('close', (code, signal) => this.#finish(code, signal));
    this.#ended = Promise.race([once(this.#process, 'close'), once(this.#process, 'error')]);
    this.#ended.catch(() => {});
  }

  get over(): boolean {
    return this.#over;
  }

  /** Calls back after each event and at the end, until unsubscribed. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  has(name: Stamped['event']): boolean {
    return this.events.some(({ event }) => event === name);
  }

  /** Resolves when all these events were seen. @throws HubswarmError when it ends or takes too long. */
  async ready(
    names: readonly Stamped['event'][],
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#failure) reject(this.#failure);
      else if (names.every((name) => this.has(name))) resolve();
      else if (this.#over) reject(this.#tooSoon());
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

  /** The line on stdin that a held process waits for. */
  go(): void {
    this.#process.stdin.write('go\n');
  }

  cpuMs(): number | null {
    const ms = this.#process.pid === undefined ? undefined : processCpuMs(this.#process.pid);
    if (ms !== undefined) this.cpuAtEndMs = ms;
    return ms ?? null;
  }

  kill(): void {
    this.#asked = true;
    this.#process.kill('SIGKILL');
  }

  /** Frozen, as a machine that hangs; its sockets stay open. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Resolves when it is gone. */
  async ended(): Promise<void> {
    await this.#ended.catch(() => {});
  }

  /**
   * SIGTERM, then SIGKILL once it has said its last word, or does not heed the first;
   * resolves when it is gone. What a process does after its last word is not measured.
   */
  async stop(): Promise<void> {
    this.#asked = true;
    if (this.#over) return;
    const end = (): unknown => this.#process.kill('SIGKILL');
    const unwatch = this.watch(() => {
      if (this.has('stopped') && this.events.at(-1)?.event === 'usage_sampled') end();
    });
    const timer = setTimeout(end, GRACE_MS);
    // One that is paused must wake to hear it.
    this.#process.kill('SIGCONT');
    this.#process.kill('SIGTERM');
    await this.#ended.catch(() => {});
    clearTimeout(timer);
    unwatch();
  }

  #take(line: string): void {
    const event = parseEvent(line);
    if (!event) return;
    this.events.push(event);
    for (const listener of this.#listeners) listener();
  }

  #finish(code: number | null, signal: string | null): void {
    if (this.#over) return;
    this.#over = true;
    running.delete(this);
    if (!this.#asked) this.exit = { code, signal };
    for (const listener of this.#listeners) listener();
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
