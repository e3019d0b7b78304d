// How each arm is spoken to: the arguments of its processes and the events that
// say they are ready. Everything else about a run is the same for both.
import { join } from 'node:path';
import { HubswarmError } from '../runtime/errors.ts';
import type { EventName, Stamped } from '../telemetry/event.ts';
import type { ArmName, LinkRates } from './scenario.ts';

export interface Place {
  /** A directory that holds the file to hand out, and nothing else. */
  readonly sourceDir: string;
  readonly fileName: string;
  /** The process' own directory, empty. */
  readonly dir: string;
  /** Of the host that the process runs on. */
  readonly address: string;
  /** What the process is told to hold its link to; null: nothing. */
  readonly caps: LinkRates | null;
}

export interface Arm {
  originArgs(place: Place): string[];
  readonly originReady: readonly EventName[];
  receiverArgs(place: Place, origin: readonly Stamped[]): string[];
  /** A request that makes the origin load the file, so that no receiver waits for it. */
  warmUpUrl(place: Place, origin: readonly Stamped[]): string | undefined;
  /** True when a receiver ends by itself after its last byte. */
  readonly receiverLeaves: boolean;
}

function capArgs(caps: LinkRates | null, ...ways: readonly ('uplink' | 'downlink')[]): string[] {
  if (!caps) return [];
  return ways.flatMap((way) => [`--${way}`, String(Math.round(caps[`${way}BytesPerSecond`]))]);
}

function listening(origin: readonly Stamped[]): string {
  const event = origin.find((seen) => seen.event === 'listening');
  const address = event?.event === 'listening' ? event.addresses[0] : undefined;
  if (address === undefined) {
    throw new HubswarmError('ERR_MEASUREMENT', 'the origin listens, but names no address');
  }
  return address;
}

function sharedCid(origin: readonly Stamped[]): string {
  const event = origin.find((seen) => seen.event === 'file_shared');
  if (event?.event !== 'file_shared') {
    throw new HubswarmError('ERR_MEASUREMENT', 'the origin shares, but names no CID');
  }
  return event.cid;
}

const fileUrl = ({ fileName }: Place, origin: readonly Stamped[]): string =>
  `${listening(origin).replace(/\/$/, '')}/files/${encodeURIComponent(fileName)}`;

const server: Arm = {
  originArgs: ({ sourceDir, address, caps }) => [
    'server',
    ...['--root', sourceDir, '--catalogue', 'none', '--host', address, '--port', '0'],
    ...[...capArgs(caps, 'uplink'), '--json'],
  ],
  originReady: ['listening'],
  receiverArgs: (place, origin) => [
    ...['client', 'get', fileUrl(place, origin), '-o', join(place.dir, 'file')],
    ...[...capArgs(place.caps, 'downlink'), '--json', '--hold'],
  ],
  warmUpUrl: fileUrl,
  receiverLeaves: true,
};

const peerArgs = ({ address, caps }: Place): string[] => [
  ...['--listen', `/ip4/${address}/tcp/0`],
  ...[...capArgs(caps, 'uplink', 'downlink'), '--json'],
];

const swarm: Arm = {
  originArgs: (place) => [
    ...['peer', '--data', place.dir, '--share', join(place.sourceDir, place.fileName)],
    ...peerArgs(place),
  ],
  originReady: ['listening', 'file_shared'],
  receiverArgs: (place, origin) => [
    ...['peer', '--data', join(place.dir, 'data'), '--out', join(place.dir, 'out')],
    ...['--join', listening(origin), '--get', sharedCid(origin)],
    ...[...peerArgs(place), '--hold'],
  ],
  warmUpUrl: () => undefined,
  receiverLeaves: false,
};

export const ARM: Readonly<Record<ArmName, Arm>> = { server, swarm };
