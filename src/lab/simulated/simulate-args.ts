// A run's setting as the arguments of `hubswarm simulate`: the same file, links, policies
// and faults, so that a simulated swarm and a real one differ by the machine alone. What
// the simulator has no counterpart for is said, never left out in silence.
import {
  originRates,
  passMs,
  receiverRates,
  riderCount,
  type Setting,
  type SettingKey,
} from '../terms/setting.ts';

/** One way: between processes of one machine, messages wait for its scheduler and no line. */
const LATENCY = '1ms';

export type SimulateArgs = { readonly args: readonly string[] } | { readonly reason: string };

/** Why a setting has no simulation; only of what a swarm heeds. */
const OBSTACLES: Partial<Record<SettingKey, (setting: Setting) => string | null>> = {
  link: ({ link }) => (link === 'none' ? 'links that nothing holds' : null),
  arrivals: ({ arrivals }) =>
    arrivals === 'one by one' ? 'receivers that wait for one another' : null,
  attack: ({ attack, attackers }) =>
    attackers > 0 && attack !== 'poison' ? `attackers that send ${attack}` : null,
  rejoin: ({ rejoin, lifetimeShare }) =>
    rejoin && lifetimeShare !== null ? 'peers that come back' : null,
  faults: ({ faults }) => (faults.length > 0 ? 'a script of faults' : null),
};

export function simulateArgs(setting: Setting, seed: number): SimulateArgs {
  const reasons = Object.values(OBSTACLES).flatMap((find) => find(setting) ?? []);
  if (reasons.length > 0) return { reason: reasons.join(', ') };
  return {
    args: [
      ...fileArgs(setting),
      ...linkArgs(setting),
      '--picker',
      setting.picker,
      '--choker',
      setting.choker,
      ...comingAndGoing(setting),
      ...option('--free-riders', riderCount(setting) || null),
      ...option('--poisoners', setting.attackers || null),
      '--seed',
      String(seed),
    ],
  };
}

const option = (name: string, value: string | number | null): string[] =>
  value === null ? [] : [name, String(value)];

function fileArgs({ receivers, fileBytes, pieceLength }: Setting): string[] {
  return [
    '--receivers',
    String(receivers),
    '--size',
    String(fileBytes),
    ...option('--chunk-size', pieceLength),
  ];
}

function linkArgs(setting: Setting): string[] {
  const rate = (bytesPerSecond: number): string => String(Math.round(bytesPerSecond));
  const uplinks = setting.uplinkFactors.map((_, i) =>
    rate(receiverRates(setting, i).uplinkBytesPerSecond),
  );
  return [
    '--uplink',
    uplinks.join(','),
    '--origin-uplink',
    rate(originRates(setting).uplinkBytesPerSecond),
    '--downlink',
    rate(receiverRates(setting, 0).downlinkBytesPerSecond),
    '--latency',
    LATENCY,
  ];
}

function comingAndGoing(setting: Setting): string[] {
  const { arrivals, leaves, lifetimeShare, kill } = setting;
  const apartMs = typeof arrivals === 'object' ? arrivals.apartPasses * passMs(setting) : null;
  return [
    ...option('--stagger', apartMs === null ? null : apartMs / 1000),
    ...option('--linger', leaves ? 0 : null),
    ...option('--lifetime', lifetimeShare === null ? null : `${lifetimeShare * 100}%`),
    ...option('--kill', kill === 'first copy' ? 'first-copy' : kill),
  ];
}
