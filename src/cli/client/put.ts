// hubswarm client put and rm: what changes a hub.
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { parseHttpUrl } from '../../client/http/url.ts';
import type { SentPlaces } from '../../client/tree/sent-places.ts';
import type { PutOptions } from '../../client/upload/put.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { showText } from '../../runtime/shown-text.ts';
import { minRateOption, positiveSeconds, rate } from '../common/options.ts';
import { runCommand } from '../common/run.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './access.ts';
import { runEach } from './each-argument.ts';

/** Chosen: long enough for a hub to restart. */
const TIMEOUT_SECONDS = 30;

interface PutFlags extends AccessFlags {
  recursive: boolean;
  delete: boolean;
  ifAbsent: boolean;
  preserve: boolean;
  uplink?: number;
  timeout: number;
  minRate: number;
  quiet: boolean;
  json: boolean;
}

export function putCommand(): Command {
  return addAccessOptions(new Command('put'))
    .description('Send files, or a directory, to a hub that is writable.')
    .argument('<file>', "a regular file, or '-' for standard input; with -r a directory")
    .argument(
      '<url...>',
      "the target; if it ends in '/', the file's name is added; more files may stand before it",
    )
    .option('-r, --recursive', 'send a directory to the URL of one: only what changed', false)
    .option(
      '--delete',
      'with -r: delete what the hub has there and the directory does not have',
      false,
    )
    .option('--no-preserve', 'do not keep the time of last change, nor the executable bit')
    .option('--if-absent', 'fail if the hub has a file of that name', false)
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s)',
      rate('--uplink'),
    )
    .option(
      '--timeout <seconds>',
      'give up after so long without progress',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .addOption(minRateOption('is taken'))
    .option('--quiet', 'print nothing but errors', false)
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .action(put);
}

async function put(first: string, more: string[], flags: PutFlags): Promise<void> {
  const paths = [first, ...more.slice(0, -1)];
  const url = targetOf(more.at(-1)!, paths);
  if (flags.delete && !flags.recursive) {
    throw new HubswarmError(
      'ERR_USAGE',
      '--delete: only goes with -r; give both, or use client rm',
    );
  }
  const access = await accessOf(flags, [url]);
  const results: string[] = [];
  const { SentPlaces } = await import('../../client/tree/sent-places.ts');
  const sent = new SentPlaces();
  const working = runCommand(flags, async ({ emit, signal }) => {
    const options = {
      ifAbsent: flags.ifAbsent,
      preserve: flags.preserve,
      access,
      uplinkBytesPerSecond: flags.uplink,
      stallMs: flags.timeout * 1000,
      minBytesPerSecond: flags.minRate,
      emit,
      signal,
      sent,
    };
    const send = (path: string) =>
      flags.recursive && (paths.length === 1 || isDirectory(path))
        ? sendDirectory(
            { ...options, path, url: paths.length === 1 ? url : below(url, path) },
            flags,
          )
        : sendFile({ ...options, path, url });
    const job = (path: string) => async () => void results.push(...(await send(path)));
    await runEach(
      signal,
      paths.map((path) => ({ url, run: job(path) })),
    );
  });
  try {
    await working;
  } finally {
    // Now that the progress bar has ended its line.
    if (!flags.json && !flags.quiet)
      for (const line of results) process.stdout.write(`${showText(line)}\n`);
  }
}

type Sent = PutOptions & { readonly sent: SentPlaces };

/** Returns what to print. */
async function sendFile(options: Sent): Promise<readonly string[]> {
  const { path, sent } = options;
  if (isDirectory(path)) {
    throw new HubswarmError('ERR_USAGE', `${path}: is a directory; -r sends it`);
  }
  const { putFile, putInput, uploadUrl } = await import('../../client/upload/put.ts');
  const target = uploadUrl(options.url, path);
  sent.check(path, target, 'file');
  const stored = await (path === '-' ? putInput(process.stdin, options) : putFile(options));
  sent.add(target, 'file');
  return [stored.url, stored.etag ?? ''];
}

/** Returns what to print. */
async function sendDirectory(options: Sent, flags: PutFlags): Promise<readonly string[]> {
  const { path } = options;
  if (existsSync(path) && !isDirectory(path)) {
    throw new HubswarmError('ERR_USAGE', `${path}: is not a directory; leave -r out`);
  }
  // What is deleted may have been sent just now.
  options.sent.check(path, options.url, flags.delete ? 'file' : 'directory');
  const { putDirectory } = await import('../../client/tree/put-directory.ts');
  const summary = await putDirectory({ ...options, remove: flags.delete });
  const { sent, unchanged, removed } = summary;
  return [`${sent} sent, ${unchanged} unchanged, ${removed} deleted`];
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** One directory of several goes below the URL, under its name. */
const below = (url: URL, path: string): URL =>
  new URL(`${encodeURIComponent(basename(resolve(path)))}/`, url);

/** Where the paths go. Several need a directory, and what is given is taken for one. */
function targetOf(text: string, paths: readonly string[]): URL {
  const url = parseHttpUrl(text);
  if (paths.length > 1 && !url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

export function removeCommand(): Command {
  return addAccessOptions(new Command('rm'))
    .description('Delete a file, or an empty directory, of a hub that is writable.')
    .argument('<url...>', 'as in http://127.0.0.1:8080/files/name')
    .option(
      '--timeout <seconds>',
      'give up after so long without an answer',
      positiveSeconds('--timeout'),
      TIMEOUT_SECONDS,
    )
    .action(remove);
}

async function remove(texts: string[], flags: AccessFlags & { timeout: number }): Promise<void> {
  const urls = texts.map((text) => parseHttpUrl(text));
  const access = await accessOf(flags, urls);
  const { removeFile } = await import('../../client/upload/remove.ts');
  await runCommand({ quiet: true }, async ({ signal }) => {
    const stallMs = flags.timeout * 1000;
    await runEach(
      signal,
      urls.map((url) => ({ url, run: () => removeFile({ url, access, stallMs, signal }) })),
    );
  });
}
