// hubswarm peer: joins a swarm, shares and fetches.

import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { type CidTarget, looksLikeCid, parseCidTarget } from '../content/cid-target.ts';
import type { LinkChoice } from '../disk/import/scan.ts';
import type { Entry, Joins } from '../hybrid/entry.ts';
import type { Hubs } from '../hybrid/source/hubs.ts';
import { ProcessLink } from '../link/process-link.ts';
import type { Peer } from '../peer/peer.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { userDirectory } from '../runtime/node/user-directory.ts';
import { tunePeer } from '../runtime/node/v8-flags.ts';
import { showText } from '../runtime/shown-text.ts';
import type { Policy } from '../swarm/policy.ts';
import type { Emit } from '../telemetry/event.ts';
import { entryOf } from './client/entry.ts';
import { obeyLines } from './common/control.ts';
import { untilLine } from './common/hold.ts';
import { LeftOut } from './common/left-out.ts';
import { readLines } from './common/lines.ts';
import {
  linksOption,
  maxConnectionsOption,
  rate,
  rateOrAuto,
  seconds,
  size,
} from './common/options.ts';
import { checkSource } from './common/places.ts';
import { policyOf, withPolicyOptions } from './common/policy.ts';
import { type Passage, passageOf, type RelayFlags, withRelayOptions } from './common/relay.ts';
import { type RunContext, runCommand } from './common/run.ts';
import { untilStopped } from './common/until-stopped.ts';

interface Options extends Policy, RelayFlags {
  join?: true | string[];
  share: string[];
  get?: string;
  out: string;
  listen?: string[];
  mdns: boolean;
  portMapping: boolean;
  swarmKey?: string;
  allow?: string[];
  data?: string;
  uplink?: number | 'auto';
  downlink?: number;
  maxConnections?: number;
  chunkSize?: number;
  preserve: boolean;
  check: boolean;
  links?: LinkChoice;
  force: boolean;
  timeout?: number;
  linger?: number;
  hold: boolean;
  control: boolean;
  json: boolean;
  quiet: boolean;
}

export function peerCommand(): Command {
  const command = new Command('peer')
    .description(
      'Share files in a swarm, and fetch from it; a peer that fetches also serves. In short: hubswarm share, hubswarm get.',
    )
    .argument('[paths-or-cid...]', 'the same as --share and --get')
    .option(
      '--join [addresses...]',
      'join through these peers, or hubs (http://HUB), whose files come by HTTP too; without an address, through peers on this machine and those of the last run',
    )
    .option('--share <paths...>', 'files or directories to share; they stay where they are', [])
    .option('--get <cid[/path]>', 'fetch this file or directory, or only what is named below it')
    .option('--out <dir>', 'directory for what is fetched', '.')
    .option(
      '--listen <multiaddrs...>',
      'addresses to listen at (default: /ip4/127.0.0.1/tcp/0, for this machine only; with --join or --mdns at the interface that leads there)',
    )
    .addOption(listenInstead('--port <number>', (port) => `/ip4/0.0.0.0/tcp/${port}`))
    .addOption(listenInstead('--host <address>', (host) => `/ip${isIP(host) || 4}/${host}/tcp/0`))
    .option(
      '--mdns',
      'find peers on the LAN by multicast, at the interface of the default or multicast route',
      false,
    )
    .addOption(maxConnectionsOption())
    .option(
      '--port-mapping',
      'have the router pass a port on, by PCP, NAT-PMP or UPnP, so that the internet can call this peer (default: no)',
      false,
    )
    .option(
      '--swarm-key <file>',
      "belong to a private swarm: only peers with the same key can connect (see 'hubswarm swarm-key'; default: anybody can)",
    )
    .option(
      '--allow <peerids...>',
      'connect only to these peers, each by its PeerId (12D3KooW...) or an address that ends with it (default: to any)',
    )
    .option(
      '--data <dir>',
      'directory for identities and known peers (default: a directory of the user)',
    )
    .option(
      '--uplink <rate>',
      'most bytes per second sent (as in 20Mbit/s or 4MiB/s), or auto: paced where more than 100 ms queue in front of the uplink',
      rateOrAuto('--uplink'),
    )
    .option('--downlink <rate>', 'most bytes per second received', rate('--downlink'))
    .option(
      '--chunk-size <size>',
      'piece length of shared files (default: by size)',
      size('--chunk-size'),
    )
    .option(
      '--preserve',
      'share modes and times as well: they are part of the CID, which is another one then',
      false,
    )
    .option(
      '--check',
      'hash all shared files again; otherwise only those that changed since the last run',
      false,
    )
    .addOption(linksOption())
    .option(
      '--force',
      'replace an existing file or directory with other content; what a directory holds beside is put aside',
      false,
    )
    .option(
      '--timeout <seconds>',
      'with --get: give up after so long without a new piece (default: never)',
      seconds('--timeout'),
    )
    .option(
      '--linger <seconds>',
      'with --get: serve for so long after it is complete, and up to 30 s more until the peers that still fetch have every piece among them; then end (default: until stopped)',
      seconds('--linger'),
    )
    .option(
      '--hold',
      'get ready, then start on a line from standard input (for experiments)',
      false,
    )
    .option(
      '--control',
      "read commands from standard input, one a line: 'uplink RATE', 'downlink RATE'; RATE may be none, or auto for the uplink",
      false,
    )
    .option('--json', 'events as JSON, one a line, on standard output', false)
    .option('--quiet', 'print nothing but errors', false)
    .action((given: string[], flags: Options) => {
      const options = withGiven(given, flags);
      return runCommand(options, (context) => run(options, context), { goesOn: true });
    });
  return withPolicyOptions(withRelayOptions(command));
}

/** An option of `server`: a peer may have several addresses, so it has another. */
function listenInstead(flags: string, address: (value: string) => string): Option {
  const refuse = (value: string): never => {
    const [name] = flags.split(' ');
    throw new HubswarmError(
      'ERR_USAGE',
      `${name}: a peer has --listen; give --listen ${address(showText(value))}`,
    );
  };
  return new Option(flags).hideHelp().argParser(refuse);
}

/** What is given without an option: a path that is there is shared, a CID is fetched. */
function withGiven(given: readonly string[], flags: Options): Options {
  const isCid = (text: string): boolean => looksLikeCid(text) && !existsSync(text);
  const [get, ...more] = [...given.filter(isCid), ...(flags.get === undefined ? [] : [flags.get])];
  if (more.some((other) => other !== get)) {
    throw new HubswarmError('ERR_USAGE', `--get: '${get}' and '${more[0]}' are two; give one`);
  }
  const share = [...flags.share, ...given.filter((text) => !isCid(text))];
  return { ...flags, share, ...(get === undefined ? {} : { get }) };
}

async function run(options: Options, context: RunContext): Promise<void> {
  const { Peer } = await import('../peer/peer.ts');
  tunePeer();
  const { emit, signal } = context;
  const request = await parse(options, emit);
  const hubs = await hubsOf(request.joins, emit);
  const link = new ProcessLink(emit, {
    uplinkBytesPerSecond: options.uplink === 'auto' ? undefined : options.uplink,
    downlinkBytesPerSecond: options.downlink,
  });
  const peer = await Peer.start({
    link,
    adaptsUplink: options.uplink === 'auto',
    dataDir: options.data ?? userDirectory('data'),
    mdns: options.mdns,
    mapsPort: options.portMapping,
    joins: request.joins.towards,
    swarmKey: request.swarmKey,
    allowed: request.allowed,
    policy: request.policy,
    ...request.passage,
    emit,
    ...(options.listen ? { listen: options.listen } : {}),
    maxConnections: options.maxConnections,
  });
  let isDone = false;
  const leftOut = new LeftOut();
  try {
    for (const path of options.share) {
      await peer.share(path, {
        signal,
        preserve: options.preserve,
        check: options.check,
        links: options.links,
        onLeftOut: leftOut.note,
        ...(request.pieceLength === undefined ? {} : { pieceLength: request.pieceLength }),
      });
    }
    const lines = readLines(process.stdin);
    if (options.hold) await untilLine(context, lines);
    if (options.control) void obeyLines(lines, peer, emit);
    joinOthers(peer, request.joins, options, context);
    if (request.target)
      await fetchAndServe(peer, { target: request.target, hubs }, options, context);
    else await untilStopped(signal);
    isDone = leftOut.count === 0;
  } catch (error) {
    // Stopping a peer is how it ends; a download that was cut short is not.
    const { target } = request;
    if (!signal.aborted || (target && !peer.isComplete(target.cid))) throw error;
  } finally {
    hubs?.close();
    await peer.stop();
    link.close();
    // A failure has a line of its own.
    emit({ event: 'stopped', reason: context.stoppedBy() ?? (isDone ? 'done' : 'failed') });
  }
  leftOut.check();
}

/** In the background: whoever is not there yet is waited for, and keeps nobody from being served. */
function joinOthers(
  peer: Peer,
  { through }: Joins,
  { join, relay, mdns, get }: Options,
  { emit, signal }: RunContext,
): void {
  if (join || relay) {
    // It ends with the peer, and with nothing else.
    peer.join(through, signal).catch(() => {});
  } else if (get !== undefined && !mdns) {
    emit({ event: 'peers_awaited', lack: 'join', addresses: [], reason: '' });
  }
}

interface Request extends Entry {
  readonly target?: CidTarget;
  readonly pieceLength?: number;
  readonly policy: Policy;
  readonly passage: Passage;
}

/** Everything that can be wrong with the command line, before anything is started. */
async function parse(options: Options, emit: Emit): Promise<Request> {
  const { checkPieceLength } = await import('../content/piece-length.ts');
  const { parseMultiaddr } = await import('../peer/address/peer-address.ts');
  for (const text of options.listen ?? []) parseMultiaddr('--listen', text);
  const passage = await passageOf(options);
  const given = Array.isArray(options.join) ? options.join : [];
  const entry = await entryOf({ ...options, join: [...given, ...(options.relay ?? [])] }, emit);
  for (const name of ['timeout', 'linger'] as const) {
    if (options[name] === undefined || options.get !== undefined) continue;
    throw new HubswarmError('ERR_USAGE', `--${name}: only goes with --get CID`);
  }
  // It may change until it is used.
  for (const path of options.share) checkSource(`--share: ${path}`, path);
  return {
    ...entry,
    passage,
    policy: policyOf(options),
    ...(options.get === undefined ? {} : { target: await parseCidTarget('--get', options.get) }),
    ...(options.chunkSize === undefined
      ? {}
      : { pieceLength: checkPieceLength('--chunk-size', options.chunkSize) }),
  };
}

/** What talks HTTP is loaded only where a hub is joined. */
async function hubsOf({ hubs }: Joins, emit: Emit): Promise<Hubs | undefined> {
  if (!hubs) return undefined;
  const { Hubs } = await import('../hybrid/source/hubs.ts');
  return new Hubs({ ...hubs, emit });
}

async function fetchAndServe(
  peer: Peer,
  { target, hubs }: { readonly target: CidTarget; readonly hubs: Hubs | undefined },
  options: Options,
  { emit, signal }: RunContext,
): Promise<void> {
  await peer.get(target.cid, {
    out: options.out,
    force: options.force,
    path: target.path,
    others: hubs,
    onFound: (cid) => {
      target.cid = cid;
    },
    timeoutMs: (options.timeout ?? Number.POSITIVE_INFINITY) * 1000,
    signal,
  });
  const { cid } = target;
  if (options.linger !== 0) emit({ event: 'seeding_started', cid: cid.toString() });
  if (options.linger === undefined) return untilStopped(signal);
  await delay(options.linger * 1000, undefined, { signal });
  await peer.part(cid, signal);
}
