// The options that make a hub a peer as well.
import { hash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { HubPeer } from '../../hybrid/hub-peer.ts';
import type { ProcessLink } from '../../link/process-link.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { userDirectory } from '../../runtime/node/user-directory.ts';
import type { ServerOptions } from '../../server/hall/start-server.ts';
import type { Emit } from '../../telemetry/event.ts';
import { parseJoins } from '../client/entry.ts';
import { needs } from '../common/options.ts';
import { type RelayLimits, withRelayLimits } from '../common/relay.ts';

export interface SwarmFlags extends RelayLimits {
  relay: boolean;
  swarm: boolean;
  swarmListen?: string[];
  swarmPortMapping: boolean;
  swarmData?: string;
  swarmJoin?: string[];
  swarmKey?: string;
}

export function addSwarmOptions(command: Command): void {
  withRelayLimits(command, '--swarm')
    .option('--no-relay', 'with --swarm: be no relay for peers that cannot be called')
    .option(
      '--swarm',
      'be a peer as well: seed in the swarm what anybody may read, on the same link and under the same caps',
      false,
    )
    .option(
      '--swarm-listen <multiaddrs...>',
      'with --swarm: addresses to listen at (default: at --host, any free port)',
    )
    .option(
      '--swarm-join <addresses...>',
      'with --swarm: join other peers, by multiaddrs or URLs of hubs (default: wait to be joined)',
    )
    .option(
      '--swarm-data <dir>',
      'with --swarm: directory for the identity (default: a directory of the user, one for each root)',
    )
    .option(
      '--swarm-port-mapping',
      'with --swarm: have the router pass a port on, by PCP, NAT-PMP or UPnP, so that the internet can call this hub (default: no)',
      false,
    )
    .option(
      '--swarm-key <file>',
      "with --swarm: belong to a private swarm (see 'hubswarm swarm-key'; default: anybody can connect)",
    );
}

/** A hub's part in the swarm, once it runs. */
export interface SwarmChoice {
  readonly options: Partial<ServerOptions>;
  /** Undefined until the hub has begun, and without --swarm. */
  peer(): HubPeer | undefined;
}

interface Given extends SwarmFlags {
  readonly host: string;
  readonly cache?: string;
  readonly clientUplink?: number;
}

/** Everything that can be wrong with the options is said before anything starts. @throws HubswarmError ERR_USAGE */
export async function swarmOptionsOf(
  flags: Given,
  link: ProcessLink,
  emit: Emit,
): Promise<SwarmChoice> {
  const { swarm, swarmListen, swarmJoin = [], swarmData, swarmKey: file } = flags;
  for (const [option, given] of [
    ['--swarm-listen', swarmListen],
    ['--swarm-join', flags.swarmJoin],
    ['--swarm-data', swarmData],
    ['--swarm-key', file],
    ['--swarm-port-mapping', flags.swarmPortMapping],
    ['--relay-rate', flags.relayRate],
    ['--relay-limit', flags.relayLimit],
  ] as const) {
    needs(option, given, '--swarm', swarm);
  }
  if (!swarm) return { options: {}, peer: () => undefined };
  if (flags.cache !== undefined) {
    const message = '--swarm: not with --cache; give it to the other hub, whose files these are';
    throw new HubswarmError('ERR_USAGE', message);
  }
  const { parseMultiaddr } = await import('../../peer/address/peer-address.ts');
  for (const text of swarmListen ?? []) parseMultiaddr('--swarm-listen', text);
  const { through } = await parseJoins('--swarm-join', swarmJoin);
  if (flags.clientUplink !== undefined) {
    const message =
      '--client-uplink: holds for HTTP alone; what a peer gets is bounded by --uplink';
    emit({ event: 'warned', message });
  }
  const { openSwarmKey } = await import('../common/swarm-key.ts');
  const swarmKey = file === undefined ? undefined : await openSwarmKey(file, emit);
  const listen = swarmListen ?? (await addressesAt(flags.host));
  let peer: HubPeer | undefined;
  const openSwarm: ServerOptions['openSwarm'] = async (context) => {
    const { HubPeer } = await import('../../hybrid/hub-peer.ts');
    const dataDir = swarmData ?? dataOf(context.root.id);
    const { relayRate: bytesPerSecond, relayLimit: bytes, swarmPortMapping: mapsPort } = flags;
    const relay = flags.relay ? { bytesPerSecond, bytes } : undefined;
    const choice = { link, dataDir, listen, joins: through, swarmKey, relay, mapsPort };
    peer = await HubPeer.open(choice, context);
    return peer;
  };
  return { options: { openSwarm }, peer: () => peer };
}

/** Hubs over different roots do not take each other's identity, in whatever order they start. */
const dataOf = (root: string): string =>
  join(userDirectory('data'), 'hubs', hash('sha256', root).slice(0, 16));

/** Multiaddrs for any free port of a host as --host takes it. */
async function addressesAt(host: string): Promise<string[]> {
  const at = (address: string): string =>
    `/${isIP(address) === 6 ? 'ip6' : 'ip4'}/${address}/tcp/0`;
  // HTTP takes both families there.
  if (host === '::') return [at('0.0.0.0'), at('::')];
  if (isIP(host)) return [at(host)];
  const found = await lookup(host, { all: true }).catch(() => []);
  // Where HTTP cannot listen either, it says so.
  return found.map(({ address }) => at(address));
}
