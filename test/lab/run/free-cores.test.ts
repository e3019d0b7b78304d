import { expect, it } from 'vitest';
import { foreignCores, freeCores, readCpuTimes } from '../../../src/lab/run/free-cores.ts';

/** /proc/stat of two CPUs: ticks of 10 ms busy and idle of each. */
const stat = (...cpus: readonly (readonly [number, number])[]) =>
  readCpuTimes(() =>
    cpus.map(([busy, idle], i) => `cpu${i} ${busy} 0 0 ${idle} 0 0 0 0 0 0`).join('\n'),
  );

const BEFORE = stat([1000, 1000], [500, 1500]);

it('finds the cores that others kept busy', () => {
  // A second: one CPU busy for 0.6 s, the other for 0.3 s.
  const after = stat([1060, 1040], [530, 1570]);
  expect(foreignCores(BEFORE, after, 0, [0, 1])).toBeCloseTo(0.9);
  expect(foreignCores(BEFORE, after, 400, [0, 1])).toBeCloseTo(0.5);
});

it('looks at no CPU that this process may not use', () => {
  const after = stat([1000, 1100], [600, 1500]);
  expect(foreignCores(BEFORE, after, 0, [0])).toBe(0);
  expect(foreignCores(BEFORE, after, 0, [1])).toBe(1);
});

it('knows nothing where the system does not count', () => {
  expect(foreignCores(new Map(), new Map(), 0, [0])).toBeNull();
  expect(foreignCores(BEFORE, BEFORE, 0, [0])).toBeNull();
});

it('takes the least of quota and affinity, and the load of others off', () => {
  const texts: Record<string, string> = {
    '/proc/self/status': 'Cpus_allowed_list:\t0-3\n',
    '/proc/self/cgroup': '0::/a\n',
    '/proc/self/mountinfo': '30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n',
    '/cg/a/cpu.max': '250000 100000\n',
  };
  const read = (path: string): string => texts[path] ?? '';
  expect(freeCores(0.5, read)).toMatchObject({ affinity: 4, quota: 2.5, free: 2.5 });
  expect(freeCores(2.5, read)).toMatchObject({ foreign: 2.5, free: 1.5 });
  expect(freeCores(9, read).free).toBe(0);
});
