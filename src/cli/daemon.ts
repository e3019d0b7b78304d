// hubswarm daemon: a peer for every day, which remembers what it shares and takes commands.
import { resolve } from 'node:path';
import { Command } from 'commander';
import metadata from '../../package.json' with { type: 'json' };
import { HubswarmError } from '../runtime/errors.ts';
import { userDirectory } from '../runtime/node/user-directory.ts';
import type { Policy } from '../swarm/policy.ts';
import { addEntryOptions, type EntryFlags, entryOf } from './client/entry.ts';
import { each, maxConnectionsOption, positiveSeconds, rate, rateOrAuto } from './common/options.ts';
import { checkSource } from './common/places.ts';
import { policyOf, withPolicyOptions } from './common/policy.ts';
import { type RunContext, runCommand } from './common/run.ts';

interface Options extends Policy, EntryFlags {
  mdns: boolean;
  listen?: string[];
  data?: string;
  uplink?: number | 'auto';
  downlink?: number;
  maxConnections?: number;
  maxRatio?: number;
  maxSeedTime?: number;
  json: boolean;
  quiet: boolean;
}

/** Most that can be meant. */
const MOST_RATIO = 1_000_000;

export function daemonCommand(): Command {
  const command = new Command('daemon')
    .description(
      'Be a peer that goes on for days: it shares again what it shared before, and hubswarm share, get, unshare and status of other terminals tell it what to do.',
    )
    .argument('[paths...]', 'files or directories to share from now on; they stay where they are')
    .option(
      '--listen <multiaddr>',
      'address to listen at (default: where this machine has a network); may be repeated',
      each,
    )
    .option('--no-mdns', 'do not find, or be found by, peers on the LAN by multicast')
    .option(
      '--data <dir>',
      'directory for identities, and for what it shares (default: a directory of the user)',
    )
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s), or auto: paced where more than 100 ms queue in front of the uplink',
      rateOrAuto('--uplink'),
    )
    .option('--downlink <rate>', 'most bytes per second received', rate('--downlink'))
    .addOption(maxConnectionsOption())
    .option(
      '--max-ratio <ratio>',
      'share each path until so many times its length was sent (as in 2 or 1.5; default: for ever)',
      ratio,
    )
    .option(
      '--max-seed-time <seconds>',
      'share each path for so long after it was shared first (default: for ever)',
      positiveSeconds('--max-seed-time'),
    )
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action((paths: string[], options: Options) =>
      runCommand(options, (context) => run(paths, options, context), { goesOn: true }),
    );
  return withPolicyOptions(addEntryOptions(command, 'join through'));
}

function ratio(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= MOST_RATIO) return value;
  throw new HubswarmError(
    'ERR_USAGE',
    `--max-ratio: '${text}' is not accepted; give a number over 0, as in 2 or 1.5`,
  );
}

async function run(paths: string[], options: Options, context: RunContext): Promise<void> {
  const { parseMultiaddr } = await import('../peer/address/peer-address.ts');
  for (const address of options.listen ?? []) parseMultiaddr('--listen', address);
  for (const path of paths) checkSource(path, path);
  const entry = await entryOf(options, context.emit);
  const { runDaemon } = await import('../daemon/run-daemon.ts');
  const { listen, mdns, uplink, downlink, maxConnections, maxRatio, maxSeedTime } = options;
  const policy = policyOf(options);
  const peer = { ...entry, listen, mdns, isOpen: true, uplink, downlink, maxConnections, policy };
  await runDaemon(
    {
      version: metadata.version,
      dataDir: resolve(options.data ?? userDirectory('data')),
      peer,
      paths: paths.map((path) => resolve(path)),
      limits: { maxRatio, maxSeedMs: maxSeedTime === undefined ? undefined : maxSeedTime * 1000 },
    },
    context,
  );
}
