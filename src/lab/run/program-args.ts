// How each program is spoken to: its arguments, and the events that say it is ready. What
// holds for both architectures is told to both in the same words.
import { join } from 'node:path';
import { HubswarmError } from '../../runtime/errors.ts';
import type { EventName, Stamped } from '../../telemetry/event.ts';
import { hasFront, type Rates, type Setting } from '../terms/setting.ts';
import type { Member, ProgramName } from './cast.ts';

export interface Place {
  /** A directory that holds the file to hand out, and nothing else. */
  readonly fileDir: string;
  readonly fileName: string;
  /** The process' own directory, empty at its first start. */
  readonly dir: string;
  /** Address of the host that the process runs on. */
  readonly address: string;
  /** What the process is told to hold its link to; null: nothing. */
  readonly caps: Partial<Rates> | null;
  /** A peer is to find out what its uplink carries. */
  readonly findsUplink?: boolean;
}

/** Addresses and CID that the nodes with the file reported when they were ready. */
export interface Whereabouts {
  /** URLs of the file at each hub, or at the balancer in front of them. */
  readonly urls: readonly string[];
  /** Fingerprints of each hub's certificate. */
  readonly fingerprints: readonly string[];
  /** Addresses of peers that are there already. */
  readonly multiaddrs: readonly string[];
  /** What a peer joins through: those addresses, or the URL of a hub that is a peer. */
  readonly joins: readonly string[];
  readonly cid: string | undefined;
}

type ArgsOf = (place: Place, setting: Setting, whereabouts: Whereabouts) => string[];

function capArgs(caps: Place['caps'], ...ways: readonly ('uplink' | 'downlink')[]): string[] {
  return ways.flatMap((way) => {
    const cap = caps?.[`${way}BytesPerSecond`];
    return cap === undefined ? [] : [`--${way}`, String(Math.round(cap))];
  });
}

/** One that is started by its go does not wait for another. */
const holdArgs = ({ startUp }: Setting): string[] => (startUp === 'measured' ? [] : ['--hold']);

const hubArgs = (
  { fileDir, address, caps }: Place,
  { pieceLength }: Setting,
  own: readonly string[],
): string[] => [
  'server',
  '--root',
  fileDir,
  '--catalogue',
  'none',
  '--host',
  address,
  '--port',
  '0',
  ...(pieceLength === null ? [] : ['--chunk-size', String(pieceLength)]),
  ...own,
  ...capArgs(caps, 'uplink'),
  '--json',
];

const hub: ArgsOf = (place, setting) => hubArgs(place, setting, setting.tls ? ['--tls'] : []);

/** Peers encrypt anyway. So it speaks plain HTTP, whatever the setting says. */
const hubPeer: ArgsOf = (place, setting) =>
  hubArgs(place, setting, ['--swarm', '--swarm-data', place.dir]);

const client: ArgsOf = ({ dir, caps }, setting, { urls, fingerprints }) => [
  'client',
  'get',
  ...urls,
  '-o',
  join(dir, 'file'),
  ...fingerprints.flatMap((sha256) => ['--fingerprint', sha256]),
  ...capArgs(caps, 'downlink'),
  '--json',
  ...holdArgs(setting),
];

const listenArgs = ({ address, caps, findsUplink }: Place): string[] => [
  '--listen',
  `/ip4/${address}/tcp/0`,
  ...capArgs(caps, 'uplink', 'downlink'),
  ...(findsUplink ? ['--uplink', 'auto'] : []),
  '--json',
];

const policyArgs = ({ picker, choker }: Setting): string[] => [
  '--picker',
  picker,
  '--choker',
  choker,
];

const seed: ArgsOf = (place, setting) => [
  'peer',
  '--data',
  place.dir,
  '--share',
  join(place.fileDir, place.fileName),
  ...(setting.pieceLength === null ? [] : ['--chunk-size', String(setting.pieceLength)]),
  ...policyArgs(setting),
  ...listenArgs(place),
];

const fetchArgs = ({ dir }: Place, { joins, cid }: Whereabouts): string[] => [
  '--data',
  join(dir, 'data'),
  '--out',
  join(dir, 'out'),
  '--join',
  ...joins,
  '--get',
  named(cid, 'CID'),
];

const peer: ArgsOf = (place, setting, whereabouts) => [
  'peer',
  ...fetchArgs(place, whereabouts),
  ...policyArgs(setting),
  ...(setting.leaves ? ['--linger', '0'] : []),
  ...listenArgs(place),
  ...holdArgs(setting),
];

const rider: ArgsOf = (place, setting, { multiaddrs, cid }) => [
  'attack',
  '--kind',
  'free-rider',
  '--join',
  ...multiaddrs,
  '--cid',
  named(cid, 'CID'),
  '--data',
  join(place.dir, 'data'),
  '--out',
  join(place.dir, 'out'),
  ...policyArgs(setting),
  ...listenArgs(place),
  ...holdArgs(setting),
];

const attacker: ArgsOf = (place, setting, { multiaddrs, cid }) => [
  'attack',
  '--kind',
  setting.attack,
  '--data',
  place.dir,
  '--join',
  ...multiaddrs,
  '--cid',
  named(cid, 'CID'),
  '--listen',
  `/ip4/${place.address}/tcp/0`,
  ...capArgs(place.caps, 'uplink'),
  '--json',
  ...holdArgs(setting),
];

function named<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new HubswarmError('ERR_MEASUREMENT', `the origin is ready, but names no ${what}`);
}

const ARGS: Readonly<Record<Exclude<ProgramName, 'front' | 'foreign'>, ArgsOf>> = {
  hub,
  'hub peer': hubPeer,
  client,
  peer,
  rider,
  attacker,
};

/** @throws HubswarmError ERR_MEASUREMENT when the origin did not say what is needed */
export function argsOf(
  { program, role }: Member,
  place: Place,
  setting: Setting,
  whereabouts: Whereabouts,
): string[] {
  if (program === 'front' || program === 'foreign') {
    throw new TypeError(`'${program}' is no program of ours`);
  }
  return program === 'peer' && role === 'origin'
    ? seed(place, setting, whereabouts)
    : ARGS[program](place, setting, whereabouts);
}

export const isHeld = ({ role }: Member): boolean => role !== 'origin' && role !== 'hub';

export function readyOf(member: Member, { tls, startUp }: Setting): readonly EventName[] {
  if (isHeld(member)) return startUp === 'measured' ? [] : ['held'];
  if (member.program === 'hub peer') return ['listening', 'catalogue_completed'];
  if (member.program === 'hub') return tls ? ['listening', 'certificate_loaded'] : ['listening'];
  return ['listening', 'file_shared'];
}

const of = <E extends EventName>(events: readonly Stamped[], name: E) =>
  events.find((seen): seen is Extract<Stamped, { event: E }> => seen.event === name);

const addressAs = (events: readonly Stamped[], wanted: 'server' | 'peer'): string | undefined =>
  events.flatMap((seen) =>
    seen.event === 'listening' && seen.role === wanted ? seen.addresses : [],
  )[0];

/** Address that a hub or peer named in its own events; the URL of a hub that is a peer. */
export const addressOf = (events: readonly Stamped[]): string =>
  named(addressAs(events, 'server') ?? addressAs(events, 'peer'), 'address');

export const fileUrl = (base: string, fileName: string): string =>
  `${base.replace(/\/$/, '')}/files/${encodeURIComponent(fileName)}`;

/** @param origins the events of each that has the file */
export function whereaboutsOf(
  origins: readonly (readonly Stamped[])[],
  { fileName }: Pick<Place, 'fileName'>,
  setting: Setting,
  frontUrl: string | undefined,
): Whereabouts {
  const addresses = origins.map(addressOf);
  const bases = hasFront(setting) ? [named(frontUrl, 'front')] : addresses;
  return {
    urls: bases.map((base) => fileUrl(base, fileName)),
    fingerprints: origins.flatMap((events) => of(events, 'certificate_loaded')?.sha256 ?? []),
    multiaddrs: origins.flatMap((events) => addressAs(events, 'peer') ?? []),
    joins: addresses,
    cid: of(origins[0]!, 'file_shared')?.cid,
  };
}
