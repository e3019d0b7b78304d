// hubswarm client: fetches from and lists HTTP servers; client-put.ts sends to them.
import { Command } from 'commander';
import { parseHttpUrl } from '../client/url.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { putCommand, removeCommand } from './client-put.ts';
import { watchCommand } from './client-watch.ts';
import { untilLine } from './hold.ts';
import { clean } from './human.ts';
import { readLines } from './lines.ts';
import { rate, seconds } from './options.ts';
import { runCommand } from './run.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

export function clientCommand(): Command {
  return new Command('client')
    .description('Fetch from, send to and list HTTP servers: hubs, and plain ones.')
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
    .addCommand(watchCommand());
}

interface GetFlags {
  output?: string;
  cid?: string;
  uplink?: number;
  downlink?: number;
  timeout: number;
  force: boolean;
  quiet: boolean;
  json: boolean;
  hold: boolean;
}

function getCommand(): Command {
  return new Command('get')
    .description('Fetch a file, verified piece by piece where the server names a CID.')
    .argument('<url...>', 'mirrors of one file, in the order of preference')
    .option('-o, --output <path>', "file, existing directory, or '-' for standard output")
    .option('--cid <cid>', 'what the file must be (default: what the server says)')
    .option('--uplink <rate>', 'send at most so fast', rate('--uplink'))
    .option(
      '--downlink <rate>',
      'fetch at most so fast (as in 20Mbit/s or 4MiB/s)',
      rate('--downlink'),
    )
    .option(
      '--timeout <seconds>',
      'give up after so long without progress',
      seconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .option('--force', 'replace a file of the name that the server gave', false)
    .option('--quiet', 'print nothing but errors', false)
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--hold', 'get ready, then start on a line from standard input', false)
    .action(get);
}

async function get(texts: string[], flags: GetFlags): Promise<void> {
  const urls = texts.map(parseHttpUrl);
  const { parseCid } = await import('../content/cid.ts');
  const cid = flags.cid === undefined ? undefined : parseCid('--cid', flags.cid);
  if (flags.json && flags.output === '-') {
    throw new HubswarmError(
      'ERR_USAGE',
      "--json: cannot be given with '-o -': standard output carries the file",
    );
  }
  if (flags.timeout === 0) {
    throw new HubswarmError('ERR_USAGE', "--timeout: '0' is not accepted; give seconds over 0");
  }
  const { getFile } = await import('../client/get.ts');
  // The write that failed reports it (EPIPE when the reader leaves); unheard it would end the process.
  process.stdout.on('error', () => undefined);
  await runCommand(flags, async (context) => {
    if (flags.hold) await untilLine(context, readLines(process.stdin));
    await getFile({
      urls,
      output: flags.output,
      cid,
      force: flags.force,
      uplinkBytesPerSecond: flags.uplink,
      downlinkBytesPerSecond: flags.downlink,
      timeoutMs: flags.timeout * 1000,
      stdout: process.stdout,
      emit: context.emit,
      signal: context.signal,
    });
  });
}

function listCommand(): Command {
  return new Command('ls')
    .description('List a directory of a hub.')
    .argument('<url>', 'as in http://127.0.0.1:8080/files/')
    .option('--json', 'as the hub gives it', false)
    .action(list);
}

async function list(text: string, flags: { json: boolean }): Promise<void> {
  const url = parseHttpUrl(text);
  const { fetchListing, formatListing } = await import('../client/list.ts');
  await runCommand({ quiet: true }, async ({ signal }) => {
    const listing = await fetchListing(url, TIMEOUT_SECONDS * 1000, signal);
    const text = flags.json ? JSON.stringify(listing, undefined, 2) : formatListing(listing, clean);
    process.stdout.write(`${text}\n`);
  });
}
