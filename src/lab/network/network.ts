// Makes and removes the hosts of plan.ts. Whatever a lab leaves when it is killed, the
// next one removes: its namespaces bear its process id, and that process is gone.
// Synchronous, so that no signal is acted on half-way and the end of the process can
// still remove everything.
import { execFileSync } from 'node:child_process';
import { describeError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import type { LinkRates } from '../scenario.ts';
import { type Host, labOf, type NetworkCommand, namespacesIn, planNetwork } from './plan.ts';

/** A second Ctrl-C reaches the `ip` that is just removing; what is left is tried again. */
const REMOVALS = 3;

export interface Network {
  readonly hosts: readonly Host[];
  /** May be called more than once. */
  remove(): void;
}

function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
}

/** @throws HubswarmError ERR_USAGE, with what the machine lacks, or ERR_ABORTED; nothing is left then. */
export function makeNetwork(count: number, rates: LinkRates): Network {
  if (process.platform !== 'linux') throw lacking(`this is ${process.platform}`);
  const { hosts, commands } = planNetwork(process.pid, count, rates);
  const remove = (): void => removeOf((pid) => pid === process.pid);
  try {
    removeOf((pid) => pid === process.pid || !isAlive(pid));
    for (const command of commands) make(command);
  } catch (error) {
    remove();
    throw error;
  }
  return { hosts, remove };
}

function make({ program, args, lines, makes }: NetworkCommand): void {
  try {
    run(program, args, lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    // A terminal's Ctrl-C reaches all of its processes.
    const { signal } = error as { signal?: string | null };
    if (signal) throw new HubswarmError('ERR_ABORTED', `stopped by ${signal}`, { cause: error });
    throw lacking(`${makes} cannot be made (${reasonOf(program, error)})`, error);
  }
}

function reasonOf(program: string, error: unknown): string {
  if (systemCode(error) === 'ENOENT') return `there is no program '${program}'`;
  const { stderr } = error as { stderr?: string };
  // The first line says what is wrong, those after it only where.
  return stderr?.trim().split('\n')[0] || describeError(error);
}

const lacking = (what: string, cause?: unknown): HubswarmError =>
  new HubswarmError(
    'ERR_USAGE',
    `--link netns: ${what}; it needs Linux, root, iproute2 (ip, tc), and a kernel with network namespaces, veth, bridge and tbf`,
    { cause },
  );

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

function removeOf(isGone: (lab: number) => boolean): void {
  for (let i = 0; i < REMOVALS; i++) {
    const names = list().filter((name) => {
      const lab = labOf(name);
      return lab !== undefined && isGone(lab);
    });
    if (names.length === 0) return;
    for (const name of names) removeNamespace(name);
  }
}

function list(): string[] {
  try {
    return namespacesIn(run('ip', ['netns', 'list']));
  } catch {
    // No `ip`, which making says better, or not allowed even to look.
    return [];
  }
}

function removeNamespace(name: string): void {
  try {
    // A namespace lives on, without its name, as long as a process is inside.
    for (const pid of run('ip', ['netns', 'pids', name]).split('\n').filter(Boolean)) {
      kill(Number(pid));
    }
    run('ip', ['netns', 'del', name]);
  } catch {
    // Looked for again by the caller.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone between two looks.
  }
}
