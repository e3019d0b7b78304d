// The built binary simulates; what stands in for it where it must fail is a script of a
// few lines.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { type ScaleOptions, simulateScale } from '../../../src/lab/simulated/simulated.ts';
import type { Run } from '../../../src/lab/terms/result.ts';
import { simulatedSchema } from '../../../src/lab/terms/result.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';

const CLI = resolve(import.meta.dirname, '../../../dist/cli.js');
const KIB = 1024;

const SETTING: Setting = {
  ...DEFAULTS,
  receivers: 2,
  fileBytes: 512 * KIB,
  pieceLength: 64 * KIB,
  uplinkBytesPerSecond: 256 * KIB,
};

/** A swarm whose first piece came after 0.5 s and whose last after 3 s. */
function made(over: Partial<Run> & { with?: Partial<Setting> } = {}): Run {
  const { with: some, ...rest } = over;
  const setting = { ...SETTING, ...some };
  return {
    ...{ id: 'made', scenario: 'scaling', arm: 'swarm', architecture: 'swarm' },
    ...{ point: { receivers: setting.receivers }, repetition: 0, seed: 1, setting },
    metrics: { makespanMs: 3000, reach: 1 },
    nodes: [{ firstPieceMs: null }, { firstPieceMs: 500 }, { firstPieceMs: 700 }],
    verdict: { state: 'valid', reasons: [] },
    ...rest,
  } as Run;
}

const scale = (runs: readonly Run[], over: Partial<ScaleOptions> = {}) =>
  simulateScale({
    scenarios: CATALOGUE,
    ...{ cliPath: CLI, runs, seed: 7, most: 64, signal: new AbortController().signal },
    onStart: () => {},
    ...over,
  });

async function scriptOf(source: string): Promise<{ cliPath: string; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-simulated-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const cliPath = join(dir, 'cli.mjs');
  await writeFile(cliPath, source);
  return { cliPath, dir };
}

describe('simulateScale', () => {
  it('simulates each point that was run, and beyond', async () => {
    const onStart = vi.fn();
    const runs = [made(), made({ repetition: 1 }), made({ with: { receivers: 4 } })];
    const simulated = await scale(runs, { onStart });
    expect(simulatedSchema.parse(simulated)).toEqual(simulated);
    expect(simulated.points.map(({ receivers, reach }) => [receivers, reach])).toEqual([
      [2, 1],
      [4, 1],
      [64, 1],
    ]);
    for (const { makespanMs, boundMs } of simulated.points) {
      expect(makespanMs).toBeGreaterThan(boundMs);
      expect(makespanMs).toBeLessThan(2 * boundMs);
    }
    expect(simulated.points[2]!.point).toEqual({ receivers: 64 });
    expect(simulated.validation.map(({ receivers, runs }) => [receivers, runs])).toEqual([
      [2, 2],
      [4, 1],
    ]);
    expect(simulated.error!.receivers).toBe(4);
    expect(simulated.notes).toEqual([]);
    expect(onStart.mock.calls).toEqual([
      [2, 0, 3],
      [4, 1, 3],
      [64, 2, 3],
    ]);
  });

  it('has the real fate of receivers whose origin dies, far out too', async () => {
    const dead = { metrics: { makespanMs: null, reach: 0 }, scenario: 'kill' };
    const { points, validation, error, notes } = await scale([
      made({ ...dead, point: { kill: 0.5 }, with: { kill: 0.5 } }),
      made({ scenario: 'kill', point: { kill: 'first copy' }, with: { kill: 'first copy' } }),
    ]);
    expect(points.map(({ point, receivers, reach }) => [point.kill, receivers, reach])).toEqual([
      [0.5, 2, 0],
      ['first copy', 2, 1],
      [0.5, 64, 0],
      ['first copy', 64, 1],
    ]);
    expect(points[0]).toMatchObject({ makespanMs: null });
    // Kills are simulated with 64 receivers here, and so say nothing of growing swarms.
    expect(error).toBeNull();
    expect(validation).toMatchObject([
      { realReach: 0, simulatedReach: 0, ratio: null },
      { realReach: 1, simulatedReach: 1 },
    ]);
    expect(notes).toEqual([]);
  });

  it('leaves out servers, invalid runs, and says what it cannot simulate', async () => {
    const { points, error, notes } = await scale([
      made({ architecture: 'server' }),
      made({ verdict: { state: 'invalid', reasons: ['beats its bound'] } }),
      made({ scenario: 'links', with: { link: 'none' } }),
      made({ scenario: 'links', with: { link: 'none', receivers: 3 } }),
      made({ scenario: 'long', with: { receivers: 16, fileBytes: 2 ** 32 } }),
    ]);
    expect({ points, error }).toEqual({ points: [], error: null });
    expect(notes).toEqual([
      'links, swarm: not simulated: links that nothing holds',
      'long, swarm: not simulated: 16 receivers of 65536 pieces would take minutes',
    ]);
  });

  it('simulates once what is the same to a swarm', async () => {
    const { cliPath, dir } = await scriptOf(
      `import { appendFileSync } from 'node:fs';
       appendFileSync(new URL('count', import.meta.url), 'x');
       process.exit(1);`,
    );
    const runs = ['a', 'b'].map((scenario) => made({ scenario, with: { tls: scenario === 'a' } }));
    await scale(runs, { cliPath });
    expect(await readFile(join(dir, 'count'), 'utf8')).toBe('x');
  });

  it.each([
    ['fails', `console.error('hubswarm: no memory left'); process.exit(1);`, 'no memory left'],
    ['says nothing', '', 'no answer'],
    ['says something else', `console.log('{}')`, 'no answer'],
  ])('notes a simulation that %s', async (_, source, message) => {
    const { cliPath } = await scriptOf(source);
    const { points, notes } = await scale([made({ scenario: 'unequal' })], { cliPath });
    expect(points).toEqual([]);
    expect(notes).toEqual([`unequal, swarm, 2 receivers: ${message}`]);
  });

  it('leaves no process when it is aborted', async () => {
    const { cliPath, dir } = await scriptOf(
      `import { renameSync, writeFileSync } from 'node:fs';
       const path = new URL('pid', import.meta.url).pathname;
       process.on('SIGTERM', () => {});
       setInterval(() => {}, 1000);
       writeFileSync(path + '-', String(process.pid));
       renameSync(path + '-', path);`,
    );
    const abort = new AbortController();
    const running = scale([made()], { cliPath, signal: abort.signal });
    const stopped = expect(running).rejects.toThrow('enough');
    const path = join(dir, 'pid');
    await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 15_000 });
    abort.abort(new Error('enough'));
    await stopped;
    const pid = Number(await readFile(path, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
