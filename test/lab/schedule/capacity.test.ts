import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  type Capacity,
  checkCapacity,
  limitIn,
  needsOf,
  readCapacity,
} from '../../../src/lab/schedule/capacity.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';
import { mockScenario } from '../mock-lab.ts';

const MIB = 2 ** 20;
const plans = (setting: Partial<Setting> = {}) =>
  new Schedule({
    scenarios: [mockScenario({ setting, sweep: { receivers: [4, 32] } })],
    ...{ base: DEFAULTS, seed: 1 },
  }).upcoming();

const ENDLESS: Capacity = {
  ...{ ports: 1e9, memoryBytes: 1e15, files: 1e9, threads: 1e9, diskBytes: 1e15 },
};

describe('what a machine can hold', () => {
  it('is checked for the run that needs most', () => {
    expect(() => checkCapacity(plans(), ENDLESS)).not.toThrow();
  });

  it.each<[keyof Capacity, number, RegExp]>([
    ['ports', 200, /needs 264 ports, 200 are there; give fewer receivers, or widen net\.ipv4/],
    ['memoryBytes', 2048 * MIB, /needs 3\.5 GiB of memory, 2\.0 GiB are there; give fewer/],
    ['files', 100, /needs 229 open files, 100 are there; .*ulimit -n$/],
    ['threads', 300, /needs 396 processes and threads, 300 are there; .*ulimit -u$/],
    ['diskBytes', 10 * MIB, /needs 136 MiB on the disk, 10 MiB are there; .*TMPDIR$/],
  ])('%s: too little is one line with what is needed, there, and to do', (key, there, line) => {
    const lacking = { ...ENDLESS, [key]: there };
    expect(() => checkCapacity(plans(), lacking)).toThrow(/^scenario 'one' \(n32, [ab], 32 rec/);
    expect(() => checkCapacity(plans(), lacking)).toThrow(line);
    expect(() => checkCapacity(plans(), lacking)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE' }),
    );
  });

  it('counts no ports where each process has all of them', () => {
    expect(plans({ link: 'netns' }).every((plan) => needsOf(plan).ports === 0)).toBe(true);
  });

  it('counts everybody who takes part', () => {
    const [server, swarm] = plans({ attackers: 2, hubs: 3, front: 'nginx' });
    expect(needsOf(server!).threads).toBe((4 + 3 + 1) * 12);
    expect(needsOf(swarm!).threads).toBe((4 + 2 + 1) * 12);
  });

  it('reads limits as the kernel writes them', () => {
    const limits =
      'Limit                     Soft Limit           Hard Limit           Units     \n' +
      'Max processes             unlimited            unlimited            processes \n' +
      'Max open files            1024                 524288               files     \n';
    expect(limitIn(limits, 'Max open files')).toBe(1024);
    expect(limitIn(limits, 'Max processes')).toBe(Number.POSITIVE_INFINITY);
    expect(limitIn('', 'Max open files')).toBe(Number.POSITIVE_INFINITY);
  });

  it('is enough here for the smallest comparison', async () => {
    const there = await readCapacity(tmpdir());
    expect(() => checkCapacity(plans().slice(0, 2), there)).not.toThrow();
    expect(Object.values(there).every((count) => count > 0)).toBe(true);
  });
});
