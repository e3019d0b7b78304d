// How each arm is spoken to: the arguments of its processes and the events that
// say they are ready. Everything else about a run is the same for both.
import { join } from 'node:path';
import { HubswarmError } from '../runtime/errors.ts';
import type { EventName, Stamped } from '../telemetry/event.ts';
import type { ArmName, Parameters } from './scenario.ts';

export interface Place {
  /** A directory that holds the file to hand out, and nothing else. */
  readonly sourceDir: string;
  readonly fileName: string;
  /** The process' own directory, empty. */
  readonly dir: string;
}

export interface Arm {
  originArgs(place: Place, caps: Parameters): string[];
  readonly originReady: readonly EventName[];
  receiverArgs(place: Place, caps: Parameters, origin: readonly Stamped[]): string[];
  /** A request that makes the origin load the file, so that no receiver waits for it. */
  warmUpUrl(place: Place, origin: readonly Stamped[]): string | undefined;
  /** True when a receiver ends by itself after its last byte. */
  readonly receiverLeaves: boolean;
}

const rate = (bytesPerSecond: number): string => String(Math.round(bytesPerSecond));

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
  originArgs: ({ sourceDir }, { uplinkBytesPerSecond }) => [
    'server',
    ...['--root', sourceDir, '--catalogue', 'none', '--port', '0'],
    ...['--uplink', rate(uplinkBytesPerSecond), '--json'],
  ],
  originReady: ['listening'],
  receiverArgs: (place, { downlinkBytesPerSecond }, origin) => [
    ...['client', 'get', fileUrl(place, origin), '-o', join(place.dir, 'file')],
    ...['--downlink', rate(downlinkBytesPerSecond), '--json', '--hold'],
  ],
  warmUpUrl: fileUrl,
  receiverLeaves: true,
};

const caps = ({ uplinkBytesPerSecond, downlinkBytesPerSecond }: Parameters): string[] => [
  ...['--uplink', rate(uplinkBytesPerSecond), '--downlink', rate(downlinkBytesPerSecond)],
];

const swarm: Arm = {
  originArgs: ({ sourceDir, fileName, dir }, parameters) => [
    ...['peer', '--data', dir, '--share', join(sourceDir, fileName)],
    ...[...caps(parameters), '--json'],
  ],
  originReady: ['listening', 'file_shared'],
  receiverArgs: ({ dir }, parameters, origin) => [
    ...['peer', '--data', join(dir, 'data'), '--out', join(dir, 'out')],
    ...['--join', listening(origin), '--get', sharedCid(origin)],
    ...[...caps(parameters), '--json', '--hold'],
  ],
  warmUpUrl: () => undefined,
  receiverLeaves: false,
};

export const ARM: Readonly<Record<ArmName, Arm>> = { server, swarm };
