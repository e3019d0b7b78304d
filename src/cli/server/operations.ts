// Options of `hubswarm server` for whoever runs it: logs, metrics, limits, the end.
import { type Command, Option } from 'commander';
import { HubswarmError } from '../../runtime/errors.ts';
import type { ServerOptions } from '../../server/hall/start-server.ts';
import { DEFAULT_LIMITS } from '../../server/operations/limits.ts';
import { LOG_FORMATS, type LogFormat } from '../../server/operations/log-line.ts';
import { choice, integer, needs, positiveSeconds, seconds, size } from '../common/options.ts';

export interface OperationsFlags {
  accessLog?: string;
  accessLogFormat?: LogFormat;
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
    .addOption(
      choice(
        '--access-log-format <name>',
        'write lines as json or combined (as Apache and nginx do) (default: json)',
        LOG_FORMATS,
      ),
    )
    .option('--no-metrics', 'do not answer /metrics (Prometheus)')
    .option(
      '--max-connections <number>',
      'most connections at once',
      count('--max-connections'),
      limits.maxConnections,
    )
    .option(
      '--max-connections-per-address <number>',
      'most connections of one IPv4 address or IPv6 /64 (default: half of --max-connections)',
      count('--max-connections-per-address'),
    )
    .option(
      '--max-subscribers <number>',
      'most subscribers to /events at once',
      count('--max-subscribers'),
      limits.maxSubscribers,
    )
    .addOption(
      new Option('--max-header-size <size>', 'longest head of a request, 1KiB to 1MiB')
        .argParser(headerSize)
        .default(limits.maxHeaderBytes, `${limits.maxHeaderBytes / 1024}KiB`),
    )
    .option(
      '--headers-timeout <seconds>',
      "longest wait for a request's head",
      positiveSeconds('--headers-timeout'),
      limits.headersWithinMs / 1000,
    )
    .option(
      '--idle-timeout <seconds>',
      'longest wait of a connection for its next request',
      positiveSeconds('--idle-timeout'),
      limits.idleMs / 1000,
    )
    .option(
      '--stall-timeout <seconds>',
      'cut a client that neither takes nor sends a byte for so long',
      positiveSeconds('--stall-timeout'),
      STALL_SECONDS,
    )
    .option(
      '--grace <seconds>',
      'after SIGTERM or Ctrl-C, let running responses go on for so long; a second one ends the hub at once',
      seconds('--grace'),
      GRACE_SECONDS,
    )
    .option(
      '--drain-delay <seconds>',
      'after /readyz began to answer 503, keep the port open for so long',
      seconds('--drain-delay'),
      0,
    );
}

export type OperationsChoice = Pick<ServerOptions, 'operations' | 'graceMs' | 'stallMs'>;

/** @throws HubswarmError ERR_USAGE */
export function operationsOf(flags: OperationsFlags & { json: boolean }): OperationsChoice {
  const { accessLog: path, accessLogFormat: format = 'json', maxConnections } = flags;
  needs('--access-log-format', flags.accessLogFormat, '--access-log', path);
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

function headerSize(text: string): number {
  const bytes = size('--max-header-size')(text);
  const { least, most } = HEADER_BYTES;
  if (bytes >= least && bytes <= most) return bytes;
  throw new HubswarmError(
    'ERR_USAGE',
    `--max-header-size: '${text}' is not accepted; give 1KiB to 1MiB`,
  );
}
