// hubswarm client watch: a hub's events, a line each.
import { Command } from 'commander';
import type { ForeignEvent } from '../../api/feed-event.ts';
import { parseHttpUrl } from '../../client/http/url.ts';
import type { Via } from '../../client/watch/watch.ts';
import { systemClock } from '../../runtime/clock.ts';
import { showJson, showText } from '../../runtime/shown-text.ts';
import { choice, integer, seconds } from '../common/options.ts';
import { runCommand } from '../common/run.ts';
import { bytes } from '../terminal/bytes.ts';
import { type AccessFlags, accessOf, addAccessOptions } from './access.ts';

interface WatchFlags extends AccessFlags {
  via: Via;
  only?: 'files' | 'transfers';
  after?: string;
  count?: number;
  once: boolean;
  timeout: number;
  quiet: boolean;
  json: boolean;
}

const MOST_EVENTS = 1_000_000_000;

export function watchCommand(): Command {
  return addAccessOptions(new Command('watch'))
    .description('Tell of files that come, change and go on a hub, and of transfers.')
    .argument(
      '<url>',
      'a hub, or a file or directory of it (as in http://127.0.0.1:8080/files/dir/)',
    )
    .addOption(
      choice(
        '--via <way>',
        'sse, ws (WebSocket) or poll; sse changes to poll where a proxy holds it back',
        ['sse', 'ws', 'poll'],
      ).default('sse'),
    )
    .addOption(choice('--only <kind>', 'files or transfers', ['files', 'transfers']))
    .option('--after <id>', 'begin after the notification with this id (see --json)')
    .option(
      '--count <number>',
      'end after so many notifications',
      integer('--count', 1, MOST_EVENTS),
    )
    .option('--once', 'the same as --count 1', false)
    .option(
      '--timeout <seconds>',
      'give up after so long without a connection; 0 for never',
      seconds('--timeout'),
      0,
    )
    .option('--quiet', 'do not report lost connections', false)
    .option('--json', 'notifications as the hub sends them, one a line', false)
    .action(watch);
}

async function watch(text: string, flags: WatchFlags): Promise<void> {
  const url = parseHttpUrl(text);
  const access = await accessOf(flags, [url]);
  const { watchHub } = await import('../../client/watch/watch.ts');
  const gone = new AbortController();
  // Who read the lines has gone, as in `| head`.
  process.stdout.on('error', () => gone.abort());
  let left = flags.once ? 1 : (flags.count ?? Number.POSITIVE_INFINITY);
  const take = (event: ForeignEvent): boolean => {
    process.stdout.write(
      `${flags.json ? showJson(JSON.stringify(event)) : describeHubEvent(event)}\n`,
    );
    // That some were lost is told, but is none of them.
    return event.event === 'reset' || --left > 0;
  };
  await runCommand({ quiet: flags.quiet }, async ({ emit, signal, stoppedBy }) => {
    try {
      await watchHub({
        url,
        access,
        via: flags.via,
        only: flags.only,
        after: flags.after,
        timeoutMs: flags.timeout > 0 ? flags.timeout * 1000 : Number.POSITIVE_INFINITY,
        take,
        clock: systemClock,
        emit,
        signal: AbortSignal.any([signal, gone.signal]),
      });
    } catch (error) {
      // Watching has no other end than being told to stop.
      if (stoppedBy() === undefined && !gone.signal.aborted) throw error;
    }
  });
}

function describeHubEvent({ event, time, path, bytes: size, total, reason }: ForeignEvent): string {
  const amount = size === undefined ? '' : `  ${bytes(size)}`;
  const of = total === undefined ? '' : ` of ${bytes(total)}`;
  const what = path ?? reason ?? '';
  return showText(`${time ?? ''} ${event.padEnd(19)} ${what}${amount}${of}`).trimEnd();
}
