// Which namespaces a lab left, and their removal with all that is inside: devices,
// queues, addresses and processes.
import { isRunning } from '../../runtime/node/alive.ts';
import { run } from './command.ts';
import { labOf, namespacesIn } from './wiring.ts';

/** A second Ctrl-C reaches the `ip` that is just removing; what is left is tried again. */
const REMOVALS = 3;

/** Removes the namespaces of this process. */
export const removeOwn = (): void => removeWhere((name) => labOf(name) === process.pid);

/** Removes the namespaces of labs that have ended. */
export const removeLeft = (): void =>
  removeWhere((name) => {
    const lab = labOf(name);
    return lab !== undefined && lab !== process.pid && !isRunning(lab);
  });

export function removeWhere(isTo: (name: string) => boolean): void {
  for (let i = 0; i < REMOVALS; i++) {
    const names = list().filter(isTo);
    if (names.length === 0) return;
    for (const name of names) remove(name);
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

function remove(name: string): void {
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
