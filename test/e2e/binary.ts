// Runs the built binary as a user would, and reads its events. Whatever a test
// started is ended, by its process id, and its directories are removed.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { EventName, Stamped } from '../../src/telemetry/event.ts';
import { parseEvent } from '../../src/telemetry/ndjson.ts';

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js');

type Of<N extends EventName> = Extract<Stamped, { event: N }>;

export class Running {
  readonly events: Stamped[] = [];
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #listeners = new Set<() => void>();
  readonly #exit: Promise<number | NodeJS.Signals>;
  #ended = false;

  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    wrapper: readonly string[],
    binary: string,
  ) {
    const [command, ...rest] = [...wrapper, process.execPath, binary, ...args];
    this.child = spawn(command!, rest, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.#read(line));
    this.child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
      this.#tell();
    });
    this.#exit = new Promise((done) => {
      this.child.on('close', (code, signal) => {
        this.#ended = true;
        this.#tell();
        done(signal ?? code ?? -1);
      });
    });
  }

  #read(line: string): void {
    this.stdout += `${line}\n`;
    const event = parseEvent(line);
    if (event) this.events.push(event);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The exit code, or the signal that ended it. */
  get exit(): Promise<number | NodeJS.Signals> {
    return this.#exit;
  }

  /** The first event of that name (for which `where` holds), past or to come. */
  async until<N extends EventName>(
    name: N,
    where: (event: Of<N>) => boolean = () => true,
  ): Promise<Of<N>> {
    const find = (): Of<N> | undefined =>
      this.events.find((event): event is Of<N> => event.event === name && where(event as Of<N>));
    return new Promise((found, failed) => {
      const look = (): void => {
        const event = find();
        if (!event && !this.#ended) return;
        this.#listeners.delete(look);
        if (event) found(event);
        else failed(new Error(`ended without ${name}: ${this.stderr}${this.stdout.slice(-2000)}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return this.#exit;
  }
}

/**
 * Starts the binary; killed at the end of the test if it still runs.
 *
 * @param wrapper a command that runs the one behind it, as in `ip netns exec NAME`
 * @param binary in place of the one that was built here
 */
export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
  binary = BINARY,
): Running {
  const running = new Running(args, env, wrapper, binary);
  onTestFinished(async () => {
    await running.end('SIGKILL');
  });
  return running;
}

/** Runs it to its end. */
export async function run(
  args: readonly string[],
  binary = BINARY,
): Promise<{ code: number | NodeJS.Signals; stdout: string; stderr: string }> {
  const running = start(args, {}, [], binary);
  running.child.stdin!.end();
  const code = await running.exit;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** A directory of this test's own, removed at its end. */
export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function randomFile(path: string, bytes: number): Promise<string> {
  await writeFile(path, randomBytes(bytes));
  return path;
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
