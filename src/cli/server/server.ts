// hubswarm server: the hub, until it is told to stop.

import { join } from 'node:path';
import { Command } from 'commander';
import { checkPieceLength } from '../../content/piece-length.ts';
import type { Caps } from '../../link/link.ts';
import { ProcessLink } from '../../link/process-link.ts';
import type { DiskRoot } from '../../root/disk/disk-root.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import { tuneHub } from '../../runtime/node/v8-flags.ts';
import type { RunningServer } from '../../server/hall/start-server.ts';
import type { Emit } from '../../telemetry/event.ts';
import { obeyLines } from '../common/control.ts';
import { readLines } from '../common/lines.ts';
import { integer, rate, size } from '../common/options.ts';
import { type RunContext, runCommand } from '../common/run.ts';
import { untilStopped } from '../common/until-stopped.ts';
import {
  type AccessFlags,
  accessOptionsOf,
  addAccessOptions,
  canReload,
  tlsOptionsOf,
} from './access.ts';
import { addEdgeOptions, type EdgeFlags, edgeOptionsOf } from './edge.ts';
import {
  addOperationsOptions,
  logsToFile,
  type OperationsChoice,
  type OperationsFlags,
  operationsOf,
} from './operations.ts';
import {
  addRepresentationOptions,
  type RepresentationFlags,
  representationOptionsOf,
} from './representations.ts';
import { addSwarmOptions, type SwarmFlags, swarmOptionsOf } from './swarm.ts';
import { addUploadOptions, type UploadFlags, uploadOptionsOf } from './uploads.ts';

interface Options
  extends AccessFlags,
    UploadFlags,
    RepresentationFlags,
    OperationsFlags,
    EdgeFlags,
    SwarmFlags {
  root?: string;
  host: string;
  port: number;
  uplink?: number;
  downlink?: number;
  writable: boolean;
  control: boolean;
  chunkSize?: number;
  catalogue?: string;
  json: boolean;
  quiet: boolean;
}

/** The highest TCP port. */
const MAX_PORT = 65_535;

export function serverCommand(): Command {
  const command = new Command('server')
    .description('Serve a directory over HTTP: files, ranges, listings, blocks by CID, uploads.')
    .argument('[dir]', 'the same as --root')
    .option('--root <dir>', 'the directory to serve; hidden files are left out (default: .)')
    .option(
      '--host <address>',
      'where to listen; 0.0.0.0 for every interface',
      withoutBrackets,
      '127.0.0.1',
    )
    .option('--port <number>', 'port; 0 for any free one', integer('--port', 0, MAX_PORT), 8080)
    .option(
      '--uplink <rate>',
      'most bytes per second to all clients together (as in 20Mbit/s or 4MiB/s)',
      rate('--uplink'),
    )
    .option(
      '--downlink <rate>',
      'most bytes per second of all uploads together',
      rate('--downlink'),
    )
    .option(
      '--writable',
      'accept uploads (PUT, as in curl -T FILE URL; tus at /uploads/) and DELETE',
      false,
    )
    .option(
      '--chunk-size <size>',
      'length of a piece, 16KiB to 2MiB (default: by the size of each file)',
      (text) => checkPieceLength('--chunk-size', size('--chunk-size')(text)),
    )
    .option(
      '--catalogue <dir>',
      "directory that keeps hashes for the next start (default: in the user's cache; 'none': keep none)",
    )
    .option(
      '--control',
      "read commands from standard input, one a line: 'uplink RATE', 'downlink RATE'; RATE may be none",
      false,
    )
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action(async (directory: string | undefined, flags: Options) => {
      const options = { ...flags, ...rootOf(directory, flags) };
      const operations = operationsOf(options);
      await runCommand(options, (context) => serve({ ...options, operations }, context), {
        goesOn: true,
      });
    });
  addRepresentationOptions(command.optionsGroup('How files are presented:'));
  addAccessOptions(command.optionsGroup('Who may do what:'));
  addUploadOptions(command.optionsGroup('Uploads:'));
  addOperationsOptions(command.optionsGroup('Running it:'));
  addSwarmOptions(command.optionsGroup('A peer of the swarm as well:'));
  addEdgeOptions(command.optionsGroup('A cache in front of another hub:'));
  return command;
}

async function serve(
  options: Options & { operations: OperationsChoice },
  { emit, signal, stoppedBy }: RunContext,
): Promise<void> {
  const { startServer } = await import('../../server/hall/start-server.ts');
  const link = new ProcessLink(emit, {
    uplinkBytesPerSecond: options.uplink,
    downlinkBytesPerSecond: options.downlink,
  });
  const swarm = await swarmOptionsOf(options, link, emit);
  const chosen = {
    link,
    host: options.host,
    port: options.port,
    pieceLength: options.chunkSize,
    catalogueDirectory: catalogueDirectory(options.catalogue),
    representations: representationOptionsOf(options),
    writable: options.writable,
    access: await accessOptionsOf(options),
    tls: tlsOptionsOf(options),
    uploads: uploadOptionsOf(options),
    emit,
    ...options.operations,
    ...swarm.options,
    ...(await edgeOptionsOf(options, emit)),
  };
  const root = chosen.root ?? (await diskRoot(options, emit));
  const server = await startServer({ ...chosen, root });
  tuneHub();
  const stopHearing = renewOnHangup(options, server);
  const alone = { limit: (caps: Caps): void => link.command(caps) };
  if (options.control) void obeyLines(readLines(process.stdin), swarm.peer() ?? alone, emit);
  await untilStopped(signal);
  await server.stop();
  link.close();
  stopHearing();
  emit({ event: 'stopped', reason: stoppedBy() ?? 'done' });
}

/** Directories below it may be writable where it is not, so this hub starts, and says so. */
async function diskRoot({ root = '.', writable }: Options, emit: Emit): Promise<DiskRoot> {
  const { DiskRoot } = await import('../../root/disk/disk-root.ts');
  const opened = await DiskRoot.at(root);
  const reason = writable ? await opened.whyReadOnly() : undefined;
  const message = `--writable: ${root}: ${reason}; uploads into it will fail until it can be written`;
  if (reason !== undefined) emit({ event: 'warned', message });
  return opened;
}

/** An IPv6 address as it stands in a URL. */
const withoutBrackets = (host: string): string => /^\[(.*)\]$/.exec(host)?.[1] ?? host;

function rootOf(directory: string | undefined, { root }: Options): { root?: string } {
  if (directory === undefined) return {};
  if (root === undefined || root === directory) return { root: directory };
  const message = `--root: '${root}' and '${directory}' are two directories; give one`;
  throw new HubswarmError('ERR_USAGE', message);
}

function catalogueDirectory(given: string | undefined): string | undefined {
  if (given === 'none') return undefined;
  return given ?? join(userDirectory('cache'), 'catalogue');
}

/**
 * On SIGHUP keys, certificate and logs are read or opened anew, as logrotate and ACME
 * clients ask for. Without any of them the signal keeps its meaning: the terminal has gone.
 */
function renewOnHangup(options: Options, server: RunningServer): () => void {
  if (!canReload(options) && !logsToFile(options)) return () => undefined;
  const renew = (): void => void Promise.all([server.reload(), server.reopenLogs()]);
  process.on('SIGHUP', renew);
  return () => void process.off('SIGHUP', renew);
}
