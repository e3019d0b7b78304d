// A balancer as a process of the lab: the real nginx or HAProxy, with the configuration
// that the binary under test writes for it. Not paced by itself: with links held by the
// processes, the hubs behind it hold theirs.
//
// nginx is several processes, and its workers serve on when their master is killed. So a
// balancer is a process group, to which every signal goes; and because a worker outlives
// a killed lab as well, one more process of the group waits for the end of the pipe from
// the lab and then kills the group.
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { plainEnvironment } from '../../runtime/node/plain-environment.ts';
import { groupCpuMs } from './cpu.ts';
import { freePort } from './free-port.ts';
import { Program } from './program.ts';

export const BALANCERS = ['nginx', 'haproxy'] as const;
export type BalancerKind = (typeof BALANCERS)[number];

export interface BalancerOptions {
  readonly kind: BalancerKind;
  readonly id: string;
  /** The binary under test. */
  readonly cliPath: string;
  /** URLs of hubs that already serve: no answer comes before one of them does. */
  readonly replicas: readonly string[];
  /** The IPv4 address of its host. */
  readonly address: string;
  /** An empty one, of its own; absolute. */
  readonly dir: string;
  /** As of a Child. */
  readonly wrapper?: readonly string[];
  readonly signal: AbortSignal;
}

/** Both are there at once; HAProxy looks at each replica before, nginx waits for a port. */
const READY_MS = 15_000;
/** Attempts, since another process may take a port meanwhile. */
const TRIES = 5;

/** `read` ends when the lab closes the pipe, by its own end or another. */
const GUARD = `
exec 3<&0 </dev/null
(read -r _ <&3; kill -s KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&-`;

/** Asks until somebody answers; runs on the balancer's host, where the lab itself is not. */
const ASK = `
const ask = () => fetch(process.argv[1]).then(
  // While HAProxy knows no replica that is up, it answers 503 itself, and nginx 502.
  ({ status }) => status < 500 ? process.exit() : setTimeout(ask, 20),
  () => setTimeout(ask, 20),
);
ask();`;

const COMMAND: Record<BalancerKind, (dir: string, config: string) => readonly string[]> = {
  // Its pid file is relative to the directory.
  nginx: (dir, config) => ['nginx', '-e', 'stderr', '-p', `${dir}/`, '-c', config],
  haproxy: (_, config) => ['haproxy', '-f', config],
};

/** Whether it is installed here. */
export function hasBalancer(kind: BalancerKind): boolean {
  try {
    execFileSync(kind, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class Balancer extends Program {
  /** Ends in a slash. */
  readonly url: string;
  readonly #dir: string;
  #complained = false;
  #answered = false;
  /** Another process has its port. */
  portTaken = false;

  constructor({ kind, id, dir, wrapper = [] }: BalancerOptions, config: string, url: string) {
    const command = [...wrapper, 'sh', '-c', GUARD, 'sh', ...COMMAND[kind](dir, config)];
    super(id, command, { group: true });
    this.url = url;
    this.#dir = dir;
  }

  /** Resolves when it answers. @throws HubswarmError ERR_MEASUREMENT, or as the signal says */
  async answers(wrapper: readonly string[], signal: AbortSignal): Promise<void> {
    const asking = new AbortController();
    const [program, ...args] = [...wrapper, process.execPath, '-e', ASK, this.url];
    const options = { signal: asking.signal, env: plainEnvironment(process.env) };
    execFile(program!, args, options, (error) => {
      this.#answered = error === null;
      this.tell();
    });
    try {
      await this.until(() => this.#isReady(), READY_MS, signal);
    } finally {
      asking.abort();
    }
  }

  #isReady(): boolean {
    // The answer then comes from another process.
    if (this.portTaken) throw new HubswarmError('ERR_MEASUREMENT', `${this.id}: ${this.lastWords}`);
    return this.#answered && !this.over;
  }

  /** Keeps the first complaint: later lines only say that it gives up. */
  protected override hear(line: string): void {
    const words = line.replaceAll(`${this.#dir}/`, '');
    if (!this.#complained) super.hear(words);
    this.#complained ||= /\[(?:emerg|ALERT)\]/.test(line);
    this.portTaken ||= /Address already in use/.test(line);
    this.tell();
  }

  protected override readCpuMs(pid: number): number | undefined {
    return groupCpuMs(pid);
  }
}

/** Resolves when it answers. @throws HubswarmError ERR_MEASUREMENT, with its last words */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  for (let left = TRIES - 1; ; left--) {
    const port = await freePort();
    const config = await writeConfig(options, port);
    const balancer = new Balancer(options, config, `http://${options.address}:${port}/`);
    try {
      await balancer.answers(options.wrapper ?? [], options.signal);
      return balancer;
    } catch (error) {
      await balancer.stop();
      if (!balancer.portTaken || left === 0) throw error;
    }
  }
}

async function writeConfig(
  { kind, id, cliPath, replicas, address, dir, signal }: BalancerOptions,
  port: number,
): Promise<string> {
  const config = join(dir, 'config');
  // A download is long, so the balancer picks the least busy hub and not the next in turn.
  const policy = ['--policy', 'least-connections'];
  const args = ['--listen', `${address}:${port}`, '-o', config, ...policy];
  args.push('--replica', ...replicas);
  try {
    const command = [cliPath, 'balancer', kind, ...args];
    await promisify(execFile)(process.execPath, command, { signal });
    return config;
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '' } = error as { stderr?: string };
    const words = stderr.trim().split('\n').at(-1) || describeError(error);
    throw new HubswarmError('ERR_MEASUREMENT', `${id} has no configuration: ${words}`, {
      cause: error,
    });
  }
}
