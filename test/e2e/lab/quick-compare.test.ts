// The first comparison, as it comes, where CPU is scarce: it fits itself to what there is.
// In a project of its own (vitest.config.ts), which runs when all other tests are done: what
// is measured here is time.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { foreignCores, readCpuTimes } from '../../../src/lab/run/free-cores.ts';
import { type Result, resultSchema } from '../../../src/lab/terms/result.ts';
import { needs } from '../../support/needs.ts';
import { scratch, start } from '../binary.ts';

const LIMIT_MS = 130_000;
/** With a fifth of a core what the lab does between runs takes longer than they do: 200 s where pages are slow to be had. */
const SCARCE_LIMIT_MS = 400_000;
/** Of what others keep busy, in cores: more, and this is no quiet machine. */
const MOST_FOREIGN = 0.5;
const LOOK_MS = 1000;
const MOST_LOOKS = 15;

type Version = 'v1' | 'v2';

/** The mount point of the hierarchy that limits CPU time; undefined where there is none. */
function mountOf(version: Version): string | undefined {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const isOurs = (line: string): boolean =>
    version === 'v2' ? / - cgroup2 /.test(line) : / - cgroup \S+ \S*\bcpu\b/.test(line);
  return mounts.find(isOurs)?.split(' ')[4];
}

/** A control group with a quota, removed at the end; or why there can be none. */
function makeGroup(version: Version, cores: number): { path: string } | { reason: string } {
  if (process.platform !== 'linux') return { reason: 'needs Linux' };
  const mount = mountOf(version);
  if (!mount) return { reason: `no cgroup ${version} that limits CPU time is mounted` };
  const path = join(mount, `hubswarm-test-${process.pid}`);
  try {
    mkdirSync(path);
  } catch {
    return { reason: `${mount}: no group may be made` };
  }
  onTestFinished(() => rmdirSync(path));
  const period = 100_000;
  const quota = Math.round(cores * period);
  try {
    if (version === 'v1') writeFileSync(join(path, 'cpu.cfs_quota_us'), String(quota));
    else writeFileSync(join(path, 'cpu.max'), `${quota} ${period}`);
  } catch {
    return { reason: `${mount}: the cpu controller is not to be had` };
  }
  return { path };
}

/** What becomes the command behind it, in the group. */
const inGroup = (path: string): string[] => [
  ...['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(path, 'cgroup.procs')],
];

/** Looks until others leave the CPU alone; true when they never did. */
async function isNoisy(): Promise<boolean> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const from = readCpuTimes();
    await delay(LOOK_MS);
    if ((foreignCores(from, readCpuTimes(), 0) ?? 0) <= MOST_FOREIGN) return false;
  }
  return true;
}

async function compare(wrapper: readonly string[]): Promise<{ code: unknown; result: Result }> {
  const out = join(await scratch(), 'out');
  const running = start(['compare', '--out', out], {}, wrapper);
  const code = await running.exit;
  const text = readFileSync(join(out, 'result.json'), 'utf8');
  return { code, result: resultSchema.parse(JSON.parse(text)) };
}

/** CPU time over what was to be had, while the largest swarm transferred. */
function usedShare({ runs, choice }: Result): number {
  const swarms = runs.filter(
    ({ scenario, architecture }) => scenario === 'scaling' && architecture === 'swarm',
  );
  const run = swarms.toSorted((a, b) => b.setting.receivers - a.setting.receivers)[0]!;
  const cpuMs = run.nodes.reduce((sum, { cpuTransferMs }) => sum + (cpuTransferMs ?? 0), 0);
  return cpuMs / (run.endedMs * choice!.cores.free);
}

function expectWhole({ code, result }: Awaited<ReturnType<typeof compare>>): void {
  const { verdict, claims, choice, scenarios } = result;
  expect(verdict).toEqual({ state: 'valid', reasons: [] });
  expect(claims.filter(({ state }) => state !== 'holds')).toEqual([]);
  expect(code).toBe(0);
  expect(choice?.swarm).toBe('measured');
  const scaling = scenarios.find(({ scenario }) => scenario.id === 'scaling')!;
  const receivers = scaling.scenario.sweep.receivers!;
  const most = receivers.at(-1)!;
  expect(receivers.slice(0, 2)).toEqual([2, 4]);
  expect(most).toBeGreaterThanOrEqual(4);
  const at = ({ point }: { point: Record<string, unknown> }): boolean => point.receivers === most;
  const bound = (arm: string): number =>
    scaling.cells.find((cell) => cell.arm === arm && at(cell))!.boundMs;
  expect(bound('server') / bound('swarm')).toBeGreaterThanOrEqual(3);
  const ratio = scaling.comparisons.find(at)!.ratio!.median;
  expect(1 / ratio).toBeGreaterThanOrEqual(2.5);
  expect(usedShare(result)).toBeLessThan(0.6);
}

/** The first kind of control group that works here. */
function anyGroup(cores: number): ReturnType<typeof makeGroup> {
  const made = makeGroup('v1', cores);
  return 'path' in made ? made : makeGroup('v2', cores);
}

describe('a first comparison, on a quiet machine', { timeout: LIMIT_MS }, () => {
  test.for<Version>(['v1', 'v2'])('fits a quota of 1.2 cores (%s)', async (version, { skip }) => {
    const group = makeGroup(version, 1.2);
    if ('reason' in group) return skip(group.reason);
    if (await isNoisy()) return skip('other programs use the CPU');
    const compared = await compare(inGroup(group.path));
    expect(compared.result.choice?.cores.quota).toBeCloseTo(1.2);
    expectWhole(compared);
  });

  test('fits one core of several', needs('taskset'), async ({ skip }) => {
    if (await isNoisy()) return skip('other programs use the CPU');
    const compared = await compare(['taskset', '-c', '0']);
    expect(compared.result.choice?.cores.affinity).toBe(1);
    expectWhole(compared);
  });

  test('shows what it can with a quota of 0.2 cores', { timeout: SCARCE_LIMIT_MS }, async ({
    skip,
  }) => {
    const group = anyGroup(0.2);
    if ('reason' in group) return skip(group.reason);
    const { code, result } = await compare(inGroup(group.path));
    expect(code).toBe(5);
    expect(result.choice?.swarm).toBe('simulated');
    expect(new Set(result.runs.map(({ architecture }) => architecture))).toEqual(
      new Set(['server']),
    );
    const shown = result.simulated!.points.filter(({ scenario }) => scenario === 'scaling');
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.every(({ makespanMs, boundMs }) => makespanMs! >= boundMs)).toBe(true);
  });
});
