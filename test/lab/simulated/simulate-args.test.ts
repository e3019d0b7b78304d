import { describe, expect, it } from 'vitest';
import { simulateArgs } from '../../../src/lab/simulated/simulate-args.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';

const MIB = 2 ** 20;
const SETTING: Setting = {
  ...DEFAULTS,
  receivers: 8,
  fileBytes: 4 * MIB,
  pieceLength: 65_536,
  uplinkBytesPerSecond: MIB,
};

/** The value of each option that differs from those of the plain setting. */
function differences(over: Partial<Setting>): Record<string, string> {
  const plain = optionsOf(SETTING);
  const options = optionsOf({ ...SETTING, ...over });
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => plain[name] !== value),
  );
}

function optionsOf(setting: Setting): Record<string, string> {
  const found = simulateArgs(setting, 3);
  if ('reason' in found) throw new Error(found.reason);
  const { args } = found;
  return Object.fromEntries(
    Array.from({ length: args.length / 2 }, (_, i) => [args[2 * i]!, args[2 * i + 1]!]),
  );
}

describe('simulateArgs', () => {
  it('says all of a plain setting', () => {
    expect(optionsOf(SETTING)).toEqual({
      '--receivers': '8',
      '--size': '4194304',
      '--chunk-size': '65536',
      '--uplink': '1048576',
      '--origin-uplink': '1048576',
      '--downlink': '5242880',
      '--latency': '1ms',
      '--picker': 'rarest',
      '--choker': 'cooperative',
      '--seed': '3',
    });
  });

  it.each<[Partial<Setting>, Record<string, string>]>([
    [{ receivers: 10_000 }, { '--receivers': '10000' }],
    [{ picker: 'random' }, { '--picker': 'random' }],
    [{ choker: 'tit-for-tat' }, { '--choker': 'tit-for-tat' }],
    [{ uplinkFactors: [1, 4, 0.3] }, { '--uplink': '1048576,4194304,314573' }],
    [{ originUplinkFactor: 0.5 }, { '--origin-uplink': '524288' }],
    [{ downlinkFactor: 2 }, { '--downlink': '2097152' }],
    [{ riderShare: 0.4 }, { '--free-riders': '3' }],
    [{ attackers: 2 }, { '--poisoners': '2' }],
    [{ kill: 1.25 }, { '--kill': '1.25' }],
    [{ kill: 'first copy' }, { '--kill': 'first-copy' }],
    [{ lifetimeShare: 0.5 }, { '--lifetime': '50%' }],
    [{ leaves: true }, { '--linger': '0' }],
    // Half of the four seconds that one copy takes.
    [{ arrivals: { apartPasses: 0.5 } }, { '--stagger': '2' }],
    // What no swarm heeds, or what differs in name alone.
    [{ link: 'netns' }, {}],
    [{ tls: true, front: 'nginx', hubs: 3 }, {}],
    [{ attack: 'slow-loris', rejoin: true }, {}],
  ])('maps %j to %j', (over, expected) => {
    expect(differences(over)).toEqual(expected);
  });

  it.each<[Partial<Setting>, string]>([
    [{ link: 'none' }, 'links that nothing holds'],
    [{ arrivals: 'one by one' }, 'receivers that wait for one another'],
    [{ attackers: 1, attack: 'oversize' }, 'attackers that send oversize'],
    [{ lifetimeShare: 0.5, rejoin: true }, 'peers that come back'],
    [
      { link: 'none', faults: [{ do: 'split', when: { firstCopy: true } }] },
      'links that nothing holds, a script of faults',
    ],
  ])('refuses %j: %s', (over, reason) => {
    expect(simulateArgs({ ...SETTING, ...over }, 1)).toEqual({ reason });
  });
});
