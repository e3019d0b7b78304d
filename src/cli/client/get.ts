// hubswarm client get: one file from its mirrors, or a directory of a hub.
import { join } from 'node:path';
import { Command } from 'commander';
import type { GetOptions } from '../../client/download/get-options.ts';
import { parseHttpUrl } from '../../client/http/url.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import { untilLine } from '../common/hold.ts';
import { readLines } from '../common/lines.ts';
import { integer, minRateOption, positiveSeconds, rate } from '../common/options.ts';
import { checkDirectory } from '../common/places.ts';
import { runCommand } from '../common/run.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './access.ts';
import { cacheDirectory } from './cache-directory.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

const DIRECTORY =
  'the URL is that of a directory: what comes is its page; -r fetches what is in it';

interface GetFlags extends AccessFlags {
  output?: string;
  cid?: string;
  uplink?: number;
  downlink?: number;
  timeout: number;
  minRate: number;
  connectionsPerHost: number;
  followMirrors: boolean;
  preserve: boolean;
  swarm: boolean;
  recursive: boolean;
  delete: boolean;
  force: boolean;
  quiet: boolean;
  json: boolean;
  hold: boolean;
}

export function getCommand(): Command {
  return addAccessOptions(new Command('get'))
    .description('Fetch a file, verified piece by piece where the server names a CID.')
    .argument(
      '<url...>',
      "mirrors of one file, and '-' after them for '-o -'; with -r: a directory of a hub, and a local one",
    )
    .option('-o, --output <path>', "file, existing directory, or '-' for standard output")
    .option('-r, --recursive', 'mirror a directory: client get -r URL/ DIR', false)
    .option('--delete', 'with -r: remove local files that the hub does not have', false)
    .option(
      '--cid <cid>',
      'the CID that the file must have (default: the one that the server names)',
    )
    .option(
      '--swarm',
      'be a peer for the time of the transfer: fetch from other peers too, serve them meanwhile, and go on without the server',
      false,
    )
    .option('--uplink <rate>', 'most bytes per second sent', rate('--uplink'))
    .option(
      '--downlink <rate>',
      'most bytes per second fetched (as in 20Mbit/s or 4MiB/s)',
      rate('--downlink'),
    )
    .option(
      '--timeout <seconds>',
      'give up after so long without progress',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .addOption(minRateOption('comes'))
    .option(
      '--connections-per-host <number>',
      'connections to each mirror at once; more help where each connection is held to a rate',
      integer('--connections-per-host', 1, 16),
      1,
    )
    .option('--no-follow-mirrors', 'do not fetch from mirrors that a server names (RFC 6249)')
    .option(
      '--insecure-redirect',
      'follow redirects from https to http, where anyone on the way can read and change what comes',
      false,
    )
    .option('--no-preserve', 'do not keep the time of last change, nor the executable bit')
    .option(
      '--force',
      'replace a file of the name that the server gave, and fetch also what did not change',
      false,
    )
    .option('--quiet', 'print nothing but errors', false)
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--hold', 'get ready, then start on a line from standard input', false)
    .action(get);
}

async function get(texts: string[], flags: GetFlags): Promise<void> {
  if (flags.recursive && flags.swarm) throw new HubswarmError('ERR_USAGE', '--swarm: not with -r');
  if (flags.recursive) return getDirectory(texts, flags);
  if (flags.delete) throw new HubswarmError('ERR_USAGE', '--delete: only goes with -r');
  const { urls, output } = placesOf(texts, flags.output);
  const { parseCid } = await import('../../content/cid.ts');
  const cid = flags.cid === undefined ? undefined : parseCid('--cid', flags.cid);
  if (flags.json && output === '-') {
    throw new HubswarmError(
      'ERR_USAGE',
      "--json: cannot be given with '-o -': standard output carries the file",
    );
  }
  if (flags.swarm && output === '-') {
    throw new HubswarmError('ERR_USAGE', '--swarm: cannot be given with standard output');
  }
  const access = await accessOf(flags, urls);
  const getFile = await fetcherOf(flags);
  const { DownloadRecords } = await import('../../client/download/download-records.ts');
  // The write that failed reports it (EPIPE when the reader leaves); unheard it would end the process.
  process.stdout.on('error', () => undefined);
  await runCommand(flags, async (context) => {
    if (flags.hold) await untilLine(context, readLines(process.stdin));
    if (urls.some(({ pathname }) => /^\/files\/(.*\/)?$/.test(pathname)))
      context.emit({ event: 'warned', message: DIRECTORY });
    await getFile({
      urls,
      output,
      cid,
      force: flags.force,
      records: new DownloadRecords(join(cacheDirectory(), 'downloads')),
      followMirrors: flags.followMirrors,
      preserve: flags.preserve,
      connectionsPerHost: flags.connectionsPerHost,
      uplinkBytesPerSecond: flags.uplink,
      downlinkBytesPerSecond: flags.downlink,
      timeoutMs: flags.timeout * 1000,
      minBytesPerSecond: flags.minRate,
      access,
      stdout: process.stdout,
      emit: context.emit,
      signal: context.signal,
    });
  });
}

/** A peer is loaded only where one is asked for. */
async function fetcherOf({ swarm }: GetFlags): Promise<(options: GetOptions) => Promise<void>> {
  if (!swarm) return (await import('../../client/download/get.ts')).getFile;
  const { getWithSwarm } = await import('../../hybrid/fetch/get-with-swarm.ts');
  const dataDir = userDirectory('data');
  return (options) => getWithSwarm(options, { dataDir });
}

/** Other names of '-'. */
const STDOUT = ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

/** As in `get URL -`, for who knows it from other programs. */
function placesOf(texts: readonly string[], output: string | undefined) {
  const isToStdout = texts.length > 1 && texts.at(-1) === '-';
  if (isToStdout && output !== undefined && output !== '-') {
    throw new HubswarmError('ERR_USAGE', `-o: '${output}' and '-' are two places; give one`);
  }
  const urls = (isToStdout ? texts.slice(0, -1) : texts).map((text) => parseHttpUrl(text));
  const isStdout = isToStdout || (output !== undefined && STDOUT.includes(output));
  return { urls, output: isStdout ? '-' : output };
}

async function getDirectory(texts: readonly string[], flags: GetFlags): Promise<void> {
  const [text = '', directory = flags.output, ...more] = texts;
  if (directory === undefined || directory === '-' || more.length > 0) {
    throw new HubswarmError('ERR_USAGE', '-r: give one URL and one directory, as in URL/ DIR');
  }
  if (flags.cid !== undefined) throw new HubswarmError('ERR_USAGE', '--cid: not with -r');
  checkDirectory('-r', directory);
  const url = parseHttpUrl(text);
  const access = await accessOf(flags, [url]);
  const { getTree } = await import('../../client/tree/get-tree.ts');
  await runCommand(flags, async (context) => {
    if (flags.hold) await untilLine(context, readLines(process.stdin));
    await getTree({
      url,
      directory,
      deleteExtras: flags.delete,
      preserve: flags.preserve,
      access,
      uplinkBytesPerSecond: flags.uplink,
      downlinkBytesPerSecond: flags.downlink,
      timeoutMs: flags.timeout * 1000,
      minBytesPerSecond: flags.minRate,
      stdout: process.stdout,
      emit: context.emit,
      signal: context.signal,
    });
  });
}
