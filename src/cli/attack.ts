// hubswarm attack: a peer that means harm, or only takes, for experiments.

import { join } from 'node:path';
import { Command } from 'commander';
import type { CID } from 'multiformats/cid';
import { ATTACK_KINDS, type AttackKind } from '../attack/kind.ts';
import { ProcessLink } from '../link/process-link.ts';
import { userDirectory } from '../runtime/node/user-directory.ts';
import { tunePeer } from '../runtime/node/v8-flags.ts';
import type { Policy } from '../swarm/policy.ts';
import type { Emit } from '../telemetry/event.ts';
import { untilLine } from './common/hold.ts';
import { readLines } from './common/lines.ts';
import { choice, needs, rate } from './common/options.ts';
import { policyOf, withPolicyOptions } from './common/policy.ts';
import { type RunContext, runCommand } from './common/run.ts';
import { untilStopped } from './common/until-stopped.ts';

/** Breaks no rule of the protocol: an ordinary peer that never offers a grant. */
const FREE_RIDER = 'free-rider';
const KINDS = [...ATTACK_KINDS, FREE_RIDER] as const;
type Kind = (typeof KINDS)[number];

interface Options extends Policy {
  kind: Kind;
  join: string[];
  cid: string;
  listen?: string[];
  uplink?: number;
  downlink?: number;
  out?: string;
  data?: string;
  hold: boolean;
  json: boolean;
  quiet: boolean;
}

const HELP = `
For experiments with your own swarms: it refuses every address that is not loopback or
private. Each kind but the last says that it has every piece, and offers many grants:

  poison       sends wrong bytes, of the right length and in time
  false-haves  sends nothing
  slow-loris   sends 100 bytes a second of each piece
  oversize     sends frames and blocks longer than the protocol allows
  free-rider   fetches as any peer and never offers a grant; --downlink, --out, --picker
               and --choker are for it

It calls peers that drop it again, at most four times a second, until stopped.

  hubswarm attack --kind poison --cid bafy... --join /ip4/127.0.0.1/tcp/4001
`;

export function attackCommand(): Command {
  const command = new Command('attack')
    .description('Attack your own swarm, to see how it holds out (for experiments).')
    .addOption(
      choice(
        '--kind <kind>',
        'poison, false-haves, slow-loris, oversize or free-rider: see below',
        KINDS,
      ).makeOptionMandatory(),
    )
    .requiredOption('--join <multiaddrs...>', 'join through these peers')
    .requiredOption('--cid <cid>', 'the file or directory whose swarm is attacked')
    .option('--listen <multiaddrs...>', 'where to listen (default: /ip4/127.0.0.1/tcp/0)')
    .option('--uplink <rate>', 'most bytes per second sent (as in 20Mbit/s)', rate('--uplink'))
    .option('--downlink <rate>', 'most bytes per second received', rate('--downlink'))
    .option('--out <dir>', 'directory for what is fetched (default: .)')
    .option('--data <dir>', 'directory for its identity (default: a directory of the user)')
    .option('--hold', 'get ready, then start on a line from standard input', false)
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .addHelpText('after', HELP)
    .action((options: Options) => runCommand(options, (context) => run(options, context)));
  return withPolicyOptions(command);
}

async function run(options: Options, context: RunContext): Promise<void> {
  const request = await parse(options);
  try {
    if (options.kind === FREE_RIDER) await rideFree(options, request, context);
    else await attack(options.kind, options, request.cid, context);
  } finally {
    context.emit({ event: 'stopped', reason: context.stoppedBy() ?? 'done' });
  }
}

/** Everything that can be wrong with the command line, before anything is started. */
async function parse(options: Options): Promise<{ cid: CID; policy: Policy }> {
  const { parseCid } = await import('../content/cid.ts');
  const { checkOwnGround } = await import('../attack/own-ground.ts');
  for (const text of options.join) checkOwnGround('--join', text);
  for (const text of options.listen ?? []) checkOwnGround('--listen', text);
  for (const name of ['out', 'downlink', 'picker', 'choker'] as const) {
    needs(`--${name}`, options[name], `--kind ${FREE_RIDER}`, options.kind === FREE_RIDER);
  }
  return { cid: parseCid('--cid', options.cid), policy: policyOf(options) };
}

/** Apart from the identities of the user's own peers, which must not be banned for it. */
const dataDirOf = ({ data }: Options): string => data ?? join(userDirectory('data'), 'attack');

const linkOf = ({ uplink, downlink }: Options, emit: Emit): ProcessLink =>
  new ProcessLink(emit, { uplinkBytesPerSecond: uplink, downlinkBytesPerSecond: downlink });

const nodeOptionsOf = (options: Options) => ({
  dataDir: dataDirOf(options),
  ...(options.listen ? { listen: options.listen } : {}),
});

async function attack(
  kind: AttackKind,
  options: Options,
  cid: CID,
  context: RunContext,
): Promise<void> {
  const { Attacker } = await import('../attack/attacker.ts');
  tunePeer();
  const { emit, signal } = context;
  const link = linkOf(options, emit);
  const attacker = await Attacker.start({ kind, link, emit, ...nodeOptionsOf(options) });
  try {
    if (options.hold) await untilLine(context, readLines(process.stdin));
    await attacker.attack(cid, options.join, signal);
    await untilStopped(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await attacker.stop();
    link.close();
  }
}

async function rideFree(
  options: Options,
  { cid, policy }: { cid: CID; policy: Policy },
  context: RunContext,
): Promise<void> {
  const { Peer } = await import('../peer/peer.ts');
  const { isOwnGround } = await import('../attack/own-ground.ts');
  const { freeRiderMaySend } = await import('../attack/free-ride.ts');
  tunePeer();
  const { emit, signal } = context;
  const link = linkOf(options, emit);
  const peer = await Peer.start({
    ...nodeOptionsOf(options),
    link,
    policy,
    maySend: freeRiderMaySend,
    allowsAddress: isOwnGround,
    emit,
  });
  try {
    if (options.hold) await untilLine(context, readLines(process.stdin));
    await peer.join(options.join, signal);
    const timeoutMs = Number.POSITIVE_INFINITY;
    await peer.get(cid, { out: options.out ?? '.', force: false, timeoutMs, signal });
    await untilStopped(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await peer.stop();
    link.close();
  }
}
