// hubswarm share: shares files and directories, and prints a link to each.
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { ShareCommand } from '../daemon/commands.ts';
import type { LinkChoice } from '../disk/import/scan.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { Event } from '../telemetry/event.ts';
import { addEntryOptions, type EntryFlags, entryOf } from './client/entry.ts';
import { noDaemonOption, obeyEach, openDaemon } from './common/daemon-line.ts';
import { LeftOut } from './common/left-out.ts';
import { each, integer, linksOption, rate, rateOrAuto } from './common/options.ts';
import { checkSource } from './common/places.ts';
import { runCommand } from './common/run.ts';
import { printLink, printPhrase } from './terminal/link.ts';

/** More is what a link is for. */
const MOST_RECEIVERS = 1000;

interface Options extends EntryFlags {
  name?: string;
  text?: string;
  phrase: boolean;
  receivers?: number;
  listen?: string[];
  portMapping: boolean;
  data?: string;
  uplink?: number | 'auto';
  downlink?: number;
  preserve: boolean;
  check: boolean;
  links?: LinkChoice;
  daemon: boolean;
  qr: boolean;
  json: boolean;
  quiet: boolean;
}

export function shareCommand(): Command {
  const command = new Command('share')
    .description(
      'Share files and directories, and print a link to each for hubswarm get; a daemon that runs (hubswarm daemon) shares them from then on (peer --share has more options).',
    )
    .argument(
      '[paths...]',
      "files or directories, which stay where they are; '-' for standard input",
    )
    .option(
      '--name <name>',
      "name of what comes from '-' (default: stdin) or --text (default: text.txt)",
    )
    .option('--text <text>', 'share this text as a small file')
    .option(
      '--phrase',
      'closed: only who says the code phrase can fetch it, nobody else learns what it is, and it ends when one receiver has everything',
      false,
    )
    .option(
      '--receivers <number>',
      'with --phrase: how many receivers may have it (default: 1)',
      integer('--receivers', 1, MOST_RECEIVERS),
    )
    .option(
      '--listen <multiaddr>',
      'address to listen at (default: where this machine has a network); may be repeated',
      each,
    )
    .option(
      '--port-mapping',
      'have the router pass a port on, by PCP, NAT-PMP or UPnP, so that the internet can call this peer (default: no)',
      false,
    )
    .option('--data <dir>', 'directory for identities (default: a directory of the user)')
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s), or auto: paced where more than 100 ms queue in front of the uplink',
      rateOrAuto('--uplink'),
    )
    .option('--downlink <rate>', 'most bytes per second received', rate('--downlink'))
    .option('--preserve', 'share modes and times as well: they are part of the CID', false)
    .option('--check', 'hash all files again, also those that did not change since', false)
    .addOption(linksOption())
    .addOption(noDaemonOption())
    .option('--no-qr', 'print no QR code')
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print the links, and errors', false)
    .action(run);
  return addEntryOptions(command, 'be found through');
}

async function run(paths: string[], options: Options): Promise<void> {
  const { parseMultiaddr } = await import('../peer/address/peer-address.ts');
  const { checkInputName, share, textInput } = await import('../hybrid/share/share.ts');
  const { text, name, json, qr, phrase, receivers } = options;
  const isPiped = paths.includes('-');
  for (const address of options.listen ?? []) parseMultiaddr('--listen', address);
  if (isPiped && text !== undefined) {
    throw new HubswarmError('ERR_USAGE', "--text: not with '-'; give one of them");
  }
  if (name !== undefined && !isPiped && text === undefined) {
    throw new HubswarmError('ERR_USAGE', "--name: only goes with '-' or --text");
  }
  const files = paths.filter((path) => path !== '-');
  if (files.length === 0 && !isPiped && text === undefined) {
    throw new HubswarmError('ERR_USAGE', "nothing to share; give a file, a directory, or '-'");
  }
  for (const path of files) checkSource(path, path);
  if (receivers !== undefined && !phrase) {
    throw new HubswarmError('ERR_USAGE', '--receivers: only goes with --phrase');
  }
  if (phrase && files.length + (isPiped || text !== undefined ? 1 : 0) > 1) {
    throw new HubswarmError('ERR_USAGE', '--phrase: stands for one file or directory; give one');
  }
  if (!isPiped && (await leftToDaemon(files, options))) return;
  const closed = phrase ? { receivers: receivers ?? 1 } : undefined;
  const inputName = checkInputName('--name', name ?? (isPiped ? 'stdin' : 'text.txt'));
  const leftOut = new LeftOut();
  const stream = isPiped ? process.stdin : textInput(text ?? '');
  const hasInput = isPiped || text !== undefined;
  await runCommand(
    options,
    async (context) => {
      const emit = (event: Event): void => {
        context.emit(event);
        if (event.event === 'link_made' && !json) printLink(event, { qr });
        if (event.event === 'phrase_made' && closed && !json) printPhrase(event.phrase);
      };
      const input = hasInput ? { stream, name: inputName } : undefined;
      const entry = await entryOf(options, context.emit);
      const choice = {
        ...options,
        ...entry,
        mapsPort: options.portMapping,
        onLeftOut: leftOut.note,
        closed,
      };
      await share({ ...choice, paths: files, input }, { ...context, emit });
    },
    { goesOn: true },
  );
  leftOut.check();
}

/** Whether a daemon that runs does it: where no option is about a peer of this command's own. */
async function leftToDaemon(paths: readonly string[], options: Options): Promise<boolean> {
  const { text, listen, uplink, downlink, swarmKey, allow } = options;
  const about = [text, listen, uplink, downlink, swarmKey, allow];
  const isOwn =
    options.phrase || options.join.length > 0 || about.some((each) => each !== undefined);
  const first = options.daemon && !isOwn ? await openDaemon(options) : undefined;
  if (!first) return false;
  first.close();
  const leftOut = new LeftOut();
  const { preserve, check, links, json, qr } = options;
  await runCommand(options, async ({ emit, signal }) => {
    const hear = (event: Event): void => {
      emit(event);
      if (event.event === 'path_left_out') leftOut.note(event.path, event.message);
      if (event.event === 'link_made' && !json) printLink(event, { qr });
    };
    const commands = paths.map((path) => {
      const command: ShareCommand = { path: resolve(path), preserve, check, links };
      return `share ${JSON.stringify(command)}`;
    });
    await obeyEach(options, commands, signal, hear);
  });
  leftOut.check();
  return true;
}
