import os from 'node:os';
import { expect, it } from 'vitest';
import {
  allowedCpus,
  parseCpuList,
  quotaCores,
  type Read,
} from '../../../src/lab/run/cpu-allowance.ts';
import { LINUX, needs } from '../../support/needs.ts';

/** Files that are there; all others are empty. */
const files =
  (texts: Record<string, string>): Read =>
  (path) =>
    texts[path] ?? '';

const V1_MOUNTS = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
  '33 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset',
].join('\n');
const V2_MOUNT = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate';

const v1 = (group: string, limits: Record<string, [number, number]>): Read =>
  files({
    '/proc/self/mountinfo': V1_MOUNTS,
    '/proc/self/cgroup': `3:cpuset:/\n2:cpu,cpuacct:${group}\n1:name=systemd:/user`,
    ...Object.fromEntries(
      Object.entries(limits).flatMap(([path, [quota, period]]) => [
        [`/sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_quota_us`, `${quota}\n`],
        [`/sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_period_us`, `${period}\n`],
      ]),
    ),
  });

const v2 = (group: string, limits: Record<string, string>, mount = V2_MOUNT): Read =>
  files({
    '/proc/self/mountinfo': mount,
    '/proc/self/cgroup': `0::${group}\n`,
    ...Object.fromEntries(
      Object.entries(limits).map(([path, text]) => [`/sys/fs/cgroup${path}/cpu.max`, `${text}\n`]),
    ),
  });

it.each([
  ['0-3,7', [0, 1, 2, 3, 7]],
  ['5', [5]],
  ['', []],
  ['x', []],
])('reads the list of CPUs %j', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus);
});

it('is allowed what the status of the process says, and cannot say without one', () => {
  const status = 'Name:\tnode\nCpus_allowed:\t5\nCpus_allowed_list:\t0,2\nMems_allowed:\t1\n';
  expect(allowedCpus(files({ '/proc/self/status': status }))).toEqual([0, 2]);
  expect(allowedCpus(files({}))).toBeUndefined();
});

it('reads what this process is allowed', needs(LINUX), () => {
  expect(allowedCpus()).toHaveLength(os.availableParallelism());
});

it.each<[string, Read, number]>([
  ['none at all', files({}), Infinity],
  ['version 1, its own', v1('/a', { '/a': [120_000, 100_000], '': [-1, 100_000] }), 1.2],
  [
    'version 1, of a group above',
    v1('/a/b', { '/a/b': [-1, 100_000], '/a': [25_000, 50_000] }),
    0.5,
  ],
  ['version 1, at the root', v1('/', { '': [-1, 100_000] }), Infinity],
  ['version 2, its own', v2('/a/b', { '/a/b': '120000 100000', '/a': 'max 100000' }), 1.2],
  [
    'version 2, of a group above',
    v2('/a/b', { '/a/b': '300000 100000', '/a': '80000 100000' }),
    0.8,
  ],
  ['version 2, no limit', v2('/a', { '/a': 'max 100000' }), Infinity],
  ['a container that sees its own group as the root', v2('/', { '': '150000 100000' }), 1.5],
  [
    'a container under the path that its host knows',
    v2('/docker/ab', { '': '50000 100000' }, V2_MOUNT.replace(' / ', ' /docker/ab ')),
    0.5,
  ],
  [
    'a container that sees another group than the one it is told of',
    v2('/../cd', { '': '50000 100000' }, V2_MOUNT.replace(' / ', ' /docker/ab ')),
    0.5,
  ],
  [
    'both versions, the lower one',
    (path) =>
      path === '/proc/self/mountinfo'
        ? `${V1_MOUNTS}\n40 31 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`
        : path === '/proc/self/cgroup'
          ? '2:cpu,cpuacct:/a\n0::/b\n'
          : v1('/a', { '/a': [70_000, 100_000] })(path),
    0.7,
  ],
])('finds the quota: %s', (_, read, cores) => {
  expect(quotaCores(read)).toBe(cores);
});
