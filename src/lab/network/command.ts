// One call of `ip`, `tc`, `bridge` or `sh`, and in one line what the machine lacks when it fails:
// the same words in an error and in what the probe tells. Synchronous, so that no signal
// is acted on half-way and the end of the process can still remove everything.
import { execFileSync } from 'node:child_process';
import { describeError, HubswarmError, systemCode } from '../../runtime/errors.ts';

export interface NetworkCommand {
  readonly program: 'ip' | 'tc' | 'bridge' | 'sh' | 'ethtool';
  readonly args: readonly string[];
  /** Commands of a batch, on stdin. */
  readonly lines: readonly string[];
  /** What it does, as in `veth devices cannot be made`. */
  readonly does: string;
}

/** @returns what it printed */
export function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
}

/**
 * @returns undefined when it worked, else why it cannot be done
 * @throws HubswarmError ERR_ABORTED when a signal ended it
 */
export function attempt(command: NetworkCommand): string | undefined {
  try {
    run(command.program, command.args, command.lines.map((line) => `${line}\n`).join(''));
    return undefined;
  } catch (error) {
    return lackOf(command, error);
  }
}

/** What an error of {@link run} means, as {@link attempt} does. */
export function lackOf(
  { program, does }: Pick<NetworkCommand, 'program' | 'does'>,
  error: unknown,
): string {
  // A terminal's Ctrl-C reaches all of its processes.
  const { signal } = error as { signal?: string | null };
  if (signal) throw new HubswarmError('ERR_ABORTED', `stopped by ${signal}`, { cause: error });
  return `${does} (${reasonOf(program, error)})`;
}

/** Runs commands in order until one fails. @returns as {@link attempt} */
export function attemptAll(commands: readonly NetworkCommand[]): string | undefined {
  for (const command of commands) {
    const lack = attempt(command);
    if (lack !== undefined) return lack;
  }
  return undefined;
}

function reasonOf(program: string, error: unknown): string {
  if (systemCode(error) === 'ENOENT') return `there is no program '${program}'`;
  const { stderr } = error as { stderr?: string };
  // The first line says what is wrong, those after it only where.
  const reason = stderr?.trim().split('\n')[0] || describeError(error);
  return process.getuid?.() === 0 ? reason : `not root: ${reason}`;
}
