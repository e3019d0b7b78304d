// What every command shares: where its events go, what stops it, and how an
// error becomes one line and an exit code.

import {
  describeError,
  fileError,
  HubswarmError,
  hasCode,
  systemCode,
} from '../../runtime/errors.ts';
import { hearFailures, tellFailure } from '../../runtime/guarded.ts';
import { BoundedOutput } from '../../runtime/node/bounded-output.ts';
import { hearLosses } from '../../runtime/node/directory-lock.ts';
import { UNKNOWN_V8 } from '../../runtime/node/v8-flags.ts';
import { showText } from '../../runtime/shown-text.ts';
import type { Emit } from '../../telemetry/event.ts';
import { formatEvent, NdjsonWriter } from '../../telemetry/ndjson.ts';
import { startUsageSampler } from '../../telemetry/node/usage.ts';
import { createHumanReporter } from '../terminal/human.ts';

/** Exit codes, as the README lists them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** --timeout passed; as of timeout(1). */
  timedOut: 124,
  interrupted: 130,
} as const;

/** For a command's help. */
export const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}    done; with get also if nothing had changed
  ${EXIT.failed}    failed: no server could deliver in time; a path is missing, or cannot be written
  ${EXIT.usage}    an option or argument is not accepted, or a path is of the wrong kind
  ${EXIT.interrupted}  stopped by a signal, or by a reader of the output that left`;

export interface RunContext {
  readonly emit: Emit;
  /** Aborts on SIGINT, SIGTERM and, unless something is read anew on it, SIGHUP. */
  readonly signal: AbortSignal;
  /** The name of the signal that aborted, if one did. */
  stoppedBy(): string | undefined;
}

let wasTold = false;

/** Whether a signal told the command to stop, or its reader left. */
export const wasToldToStop = (): boolean => wasTold;

/** Where events go: to machines on stdout, or to a person on stderr. */
function openOutput(options: { json?: boolean; quiet?: boolean }): {
  emit: Emit;
  close: () => void;
} {
  if (!options.json) {
    const out = new BoundedOutput(process.stderr, (message) => `warning: ${message}\n`);
    const reporter = createHumanReporter({ quiet: options.quiet ?? false, out });
    return { emit: (event) => reporter.report(event), close: () => reporter.close() };
  }
  const out = new BoundedOutput(process.stdout, (message) =>
    formatEvent({ event: 'warned', message }),
  );
  const writer = new NdjsonWriter(out);
  return { emit: writer.emit, close: () => writer.flush() };
}

/**
 * Runs a command's body to its end with events, signals and usage wired up.
 *
 * @param goesOn whether what a package leaves uncaught is told of like other failures of
 * callbacks, and the process goes on: for those whose remotes are strangers
 */
export async function runCommand(
  options: { json?: boolean; quiet?: boolean },
  body: (context: RunContext) => Promise<void>,
  { goesOn = false } = {},
): Promise<void> {
  const { emit, close } = openOutput(options);
  const abort = new AbortController();
  let stoppedBy: string | undefined;
  const stop = (name: NodeJS.Signals): void => {
    if (stoppedBy) {
      close();
      process.exit(EXIT.interrupted);
    }
    stoppedBy = name;
    wasTold = true;
    abort.abort(new HubswarmError('ERR_ABORTED', `stopped by ${name}`));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The terminal has gone, unless a server reads files anew on it.
  const hangUp = (name: NodeJS.Signals): void => {
    if (process.listenerCount('SIGHUP') === 1) stop(name);
  };
  process.on('SIGHUP', hangUp);
  const output = options.json ? process.stdout : process.stderr;
  let isTold = !options.json;
  output.on('error', (error) => {
    // Who read our events has gone, as in `| head`: Node ignores the signal that says so.
    if (systemCode(error) === 'EPIPE') return stop('SIGPIPE');
    // A full disk, say: what the events tell of goes on.
    if (!isTold) process.stderr.write(`warning: events are lost: ${unwrittenReason(error)}\n`);
    isTold = true;
  });
  hearFailures((what, error) => {
    emit({ event: 'warned', message: `${what} failed: ${describeError(error)}` });
  });
  // At once, as by SIGKILL, which no directory suffers from: to stop in order would write to it.
  hearLosses((error) => {
    close();
    process.exit(reportFailure(error));
  });
  const endure = (error: unknown): void => tellFailure('a package', error);
  if (goesOn) {
    process.on('uncaughtException', endure);
    if (UNKNOWN_V8) emit({ event: 'warned', message: UNKNOWN_V8 });
  }
  const stopSampling = options.json ? startUsageSampler(emit) : undefined;
  try {
    await body({ emit, signal: abort.signal, stoppedBy: () => stoppedBy });
  } finally {
    stopSampling?.();
    hearLosses(undefined);
    close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    process.off('SIGHUP', hangUp);
    process.off('uncaughtException', endure);
  }
}

const unwrittenReason = (error: unknown): string =>
  showText(describeError(fileError(error, 'standard output')));

/** The exit code where standard output could not take all that was written. */
export function reportUnwritten(error: unknown): number {
  // A reader that left wants no word.
  if (systemCode(error) === 'EPIPE') return EXIT.interrupted;
  process.stderr.write(`hubswarm: ${unwrittenReason(error)}\n`);
  return EXIT.failed;
}

/** Failures of several arguments of one command. */
export class SeveralFailures extends Error {
  readonly failures: readonly unknown[];

  constructor(failures: readonly unknown[]) {
    super('several arguments failed');
    this.failures = failures;
  }
}

/** The exit code for what a command threw, after a line on stderr for each failure. */
export function reportFailure(error: unknown): number {
  if (error instanceof SeveralFailures) {
    const codes = new Set(error.failures.map(reportFailure));
    return codes.size === 1 ? [...codes][0]! : EXIT.failed;
  }
  process.stderr.write(`hubswarm: ${showText(describeError(error))}\n`);
  if (!(error instanceof HubswarmError) && process.env.HUBSWARM_DEBUG) {
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  }
  if (hasCode(error, 'ERR_USAGE')) return EXIT.usage;
  if (hasCode(error, 'ERR_TIMEOUT')) return EXIT.timedOut;
  return hasCode(error, 'ERR_ABORTED') ? EXIT.interrupted : EXIT.failed;
}
