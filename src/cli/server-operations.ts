// Options of `hubswarm server` for whoever runs it: logs, metrics, limits, the end.
import type { Command } from 'commander';
import { HubswarmError } from '../runtime/errors.ts';
import { DEFAULT_LIMITS } from '../server/operations/limits.ts';
import { LOG_FORMATS, type LogFormat } from '../server/operations/log-line.ts';
import type { ServerOptions } from '../server/start-server.ts';
import { integer, oneOf, seconds, size } from './options.ts';

export interface OperationsFlags {
  accessLog?: string;
  accessLogFormat: LogFormat;
  metrics: boolean;
  maxConnections: number;
  maxConnectionsPerAddress?: number;
  maxSubscribers: number;
  maxHeaderSize: number;
  headersTimeout: number;
  idleTimeout: number;
  stallTimeout: number;
  grace: number;
  drainDelay: number;
}

/** Chosen: longer than TCP takes to recover from a short loss of the path. */
const STALL_SECONDS = 30;
const GRACE_SECONDS = 10;
/** Chosen: what a machine can hold open. */
const MOST_CONNECTIONS = 1_000_000;
/** Chosen: one request fits, and a thousand connections do not fill the memory. */
const HEADER_BYTES = { least: 1024, most: 2 ** 20 };

export function addOperationsOptions(command: Command): Command {
  const count = (option: string) => integer(option, 1, MOST_CONNECTIONS);
  const limits = DEFAULT_LIMITS;
  return command
    .option('--access-log <file>', "append a line for each request; '-' for standard output")
    .option(
      '--access-log-format <name>',
      'json or combined (as Apache and nginx write it)',
      (text) => oneOf('--access-log-format', text, LOG_FORMATS),
      'json',
    )
    .option('--no-metrics', 'do not answer /metrics (Prometheus)')
    .option(
      '--max-connections <number>',
      'refuse connections beyond so many',
      count('--max-connections'),
      limits.maxConnections,
    )
    .option(
      '--max-connections-per-address <number>',
      'of one IPv4 address or IPv6 /64 (default: half of --max-connections)',
      count('--max-connections-per-address'),
    )
    .option(
      '--max-subscribers <number>',
      'of /events at a time',
      count('--max-subscribers'),
      limits.maxSubscribers,
    )
    .option(
      '--max-header-size <size>',
      "of a request's head, 1KiB to 1MiB",
      headerSize,
      limits.maxHeaderBytes,
    )
    .option(
      '--headers-timeout <seconds>',
      "for a request's head to come",
      positive('--headers-timeout'),
      limits.headersWithinMs / 1000,
    )
    .option(
      '--idle-timeout <seconds>',
      'for which a connection may wait for its next request',
      positive('--idle-timeout'),
      limits.idleMs / 1000,
    )
    .option(
      '--stall-timeout <seconds>',
      'cut off a client that takes or gives nothing for so long',
      positive('--stall-timeout'),
      STALL_SECONDS,
    )
    .option(
      '--grace <seconds>',
      'for which running responses may go on after SIGTERM or Ctrl-C; a second one ends at once',
      seconds('--grace'),
      GRACE_SECONDS,
    )
    .option(
      '--drain-delay <seconds>',
      'keep the port open so long after /readyz has begun to say no',
      seconds('--drain-delay'),
      0,
    );
}

export type OperationsChoice = Pick<ServerOptions, 'operations' | 'graceMs' | 'stallMs'>;

/** @throws HubswarmError ERR_USAGE */
export function operationsOf(flags: OperationsFlags & { json: boolean }): OperationsChoice {
  const { accessLog: path, accessLogFormat: format, maxConnections } = flags;
  if (path === '-' && flags.json) {
    throw new HubswarmError(
      'ERR_USAGE',
      "--json: cannot be given with '--access-log -': both want standard output",
    );
  }
  return {
    graceMs: flags.grace * 1000,
    stallMs: flags.stallTimeout * 1000,
    operations: {
      accessLog: path === undefined ? undefined : { path, format },
      metrics: flags.metrics,
      drainDelayMs: flags.drainDelay * 1000,
      limits: {
        maxConnections,
        maxConnectionsPerAddress: flags.maxConnectionsPerAddress ?? Math.ceil(maxConnections / 2),
        maxHeaderBytes: flags.maxHeaderSize,
        headersWithinMs: flags.headersTimeout * 1000,
        idleMs: flags.idleTimeout * 1000,
        maxSubscribers: flags.maxSubscribers,
      },
    },
  };
}

/** Whether there is a log that may be renamed while it is written. */
export const logsToFile = ({ accessLog }: OperationsFlags): boolean =>
  accessLog !== undefined && accessLog !== '-';

/** Timers hold 2^31 ms at the most. */
const MOST_SECONDS = 2_000_000;

const positive =
  (option: string) =>
  (text: string): number => {
    const value = seconds(option)(text);
    if (value > 0 && value <= MOST_SECONDS) return value;
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is not accepted; give seconds over 0, up to ${MOST_SECONDS}`,
    );
  };

function headerSize(text: string): number {
  const bytes = size('--max-header-size')(text);
  const { least, most } = HEADER_BYTES;
  if (bytes >= least && bytes <= most) return bytes;
  throw new HubswarmError(
    'ERR_USAGE',
    `--max-header-size: '${text}' is not accepted; give 1KiB to 1MiB`,
  );
}
