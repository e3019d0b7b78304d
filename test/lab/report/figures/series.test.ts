import { describe, expect, it } from 'vitest';
import { type Scene, sceneOf } from '../../../../src/lab/report/drawing/scene.ts';
import { fluidCompletions, staircase } from '../../../../src/lab/report/figures/churn.ts';
import { arrivalsOf, waitedLine } from '../../../../src/lab/report/figures/late.ts';
import { metricRows } from '../../../../src/lab/report/figures/metric-rows.ts';
import { fittedCurve } from '../../../../src/lab/report/figures/piece-length.ts';
import { ratioRows } from '../../../../src/lab/report/figures/ratios.ts';
import { servingUplink } from '../../../../src/lab/report/figures/replicas.ts';
import { panelOf } from '../../../../src/lab/report/figures/riders.ts';
import { sweptPoints } from '../../../../src/lab/report/figures/sweep.ts';
import { classPoints } from '../../../../src/lab/report/figures/unequal.ts';
import type { Result, Run } from '../../../../src/lab/terms/result.ts';
import { DEFAULTS, type Setting } from '../../../../src/lab/terms/setting.ts';
import { secondsWith } from '../../../../src/theory/piece-cost.ts';
import { exampleNode, exampleRun, MIB, scenarioResultOf } from './example.ts';

const KIB = 1024;
const setting = (over: Partial<Setting>): Setting => ({ ...DEFAULTS, ...over });

/** The scenario's figures of these runs alone. */
function sceneWith(id: string, runs: readonly Run[]): Scene {
  const made = runs.map((run) => ({ ...run, scenario: id }));
  return sceneOf({ runs: made, exhibits: [] } as unknown as Result, scenarioResultOf(id));
}

describe('a sweep', () => {
  it('stands where the setting was, which an arm may hold fast', () => {
    const run = exampleRun({ point: { attackers: 4 }, setting: setting({ attackers: 0 }) });
    expect(sweptPoints([run], 'attackers', 'makespanMs')).toEqual([{ run, x: 0, y: 1 }]);
  });

  it.each([
    ['a time that never came', { makespanMs: null }, 'makespanMs', [null]],
    ['a time of which nothing is known', {}, 'makespanMs', []],
    ['what was not measured', { cpuSecondsPerGib: null }, 'cpuSecondsPerGib', []],
    ['a size in MiB', { rssPeakBytes: 3 * MIB }, 'rssPeakBytes', [3]],
  ] as const)('has %s', (_, metrics, metric, expected) => {
    const points = sweptPoints([exampleRun({ metrics })], 'receivers', metric);
    expect(points.map(({ y }) => y)).toEqual(expected);
  });

  it('has no place for a word', () => {
    const run = exampleRun({ setting: setting({ kill: 'first copy' }) });
    expect(sweptPoints([run], 'kill', 'makespanMs')).toEqual([]);
  });
});

describe('rows', () => {
  const of = (arm: string, receivers: number, id: string): Run =>
    exampleRun({ id, arm, point: { receivers }, boundMs: 500 });

  it('are one for each arm, and for each point where several are shown', () => {
    const { arms } = sceneWith('scaling', [of('server', 1, 'a'), of('swarm', 1, 'b')]);
    expect(metricRows(arms, { metric: 'makespanMs' }).map(({ name }) => name)).toEqual([
      'server',
      'swarm',
    ]);
    const swept = sceneWith('scaling', [of('swarm', 1, 'a'), of('swarm', 2, 'b')]);
    const rows = metricRows(swept.arms, { metric: 'makespanMs' });
    expect(rows.map(({ name, bound }) => [name, bound])).toEqual([
      ['swarm, N = 1', 0.5],
      ['swarm, N = 2', 0.5],
    ]);
  });

  it('have no bound for what is no time, and none without a figure', () => {
    const { arms } = sceneWith('scaling', [exampleRun({ metrics: { reach: 1 } })]);
    expect(metricRows(arms, { metric: 'reach' })[0]).not.toHaveProperty('bound');
    expect(metricRows(arms, { metric: 'wireOverhead' })).toEqual([]);
  });
});

describe('ratios', () => {
  const point = { receivers: 4 };
  const run = (arm: string, repetition: number, makespanMs: number | null): Run =>
    exampleRun({ id: `${arm}/${repetition}`, arm, repetition, point, metrics: { makespanMs } });

  it('are of runs of one point and repetition, in the band of their claim', () => {
    const scene = sceneWith('calibration', [
      run('swarm', 0, 1000),
      run('swarm', 1, 1000),
      run('swarm-again', 0, 1100),
      run('swarm-again', 1, null),
      run('swarm-again', 2, 900),
    ]);
    const [row, ...others] = ratioRows(scene);
    expect(others).toEqual([]);
    expect(row!.points.map(({ value }) => value)).toEqual([1.1]);
    expect(row!.band).toEqual([0.85, 1.15]);
  });

  it('leave out points of which the claim does not speak', () => {
    const elsewhere = [run('swarm', 0, 1000), run('swarm-again', 0, 1100)].map((one) => ({
      ...one,
      point: { receivers: 1 },
    }));
    expect(ratioRows(sceneWith('calibration', elsewhere))).toEqual([]);
  });
});

describe('free riders', () => {
  it('have a median only where there are some', () => {
    const metrics = { giversMs: 1000, ridersMs: null };
    const rider = exampleNode({ role: 'rider' });
    const { arms } = sceneWith('free-riders', [
      exampleRun({ metrics }),
      exampleRun({ metrics, nodes: [rider], setting: setting({ riderShare: 0.5 }) }),
    ]);
    const { givers, riders } = panelOf(arms[0]!);
    expect(givers.map(({ y }) => y)).toEqual([1, 1]);
    expect(riders.map(({ x, y }) => [x, y])).toEqual([[0.5, null]]);
  });
});

describe('late comers', () => {
  const comes = (goMs: number | null, completedMs: number | null, id = `at ${goMs}`) =>
    exampleNode({ id, goMs, completedMs });
  const first = exampleRun({ nodes: [comes(500, 1500), comes(0, 2000), comes(null, null)] });
  const second = exampleRun({ nodes: [comes(20, 1020), comes(540, null)] });

  it('wait from their own go, in the order in which they came', () => {
    const arrivals = arrivalsOf({ runs: [first] });
    expect(arrivals.map(({ rank, came, waited }) => [rank, came, waited])).toEqual([
      [1, 0, 2],
      [2, 0.5, 1],
    ]);
  });

  it('have a median for each rank, with a gap where half were never done', () => {
    const [one, two] = waitedLine(arrivalsOf({ runs: [first, second] }));
    expect(one!.x).toBeCloseTo(0.01);
    expect(one!.y).toBeCloseTo(1.5);
    expect(two!.x).toBeCloseTo(0.52);
    expect(two!.y).toBeNaN();
  });
});

describe('classes of uplinks', () => {
  it('are those of the receivers whose links are held', () => {
    const run = exampleRun({
      point: { originUplinkFactor: 16 },
      nodes: [
        exampleNode({ uplinkBytesPerSecond: 4 * MIB, completedMs: null }),
        exampleNode({ uplinkBytesPerSecond: null }),
        exampleNode({ role: 'origin' }),
        exampleNode({ role: 'attacker' }),
      ],
    });
    expect(classPoints([run]).map(({ uplink, seconds }) => [uplink, seconds])).toEqual([
      [4 * MIB, null],
    ]);
  });
});

describe('the uplinks that serve', () => {
  it.each([
    ['one hub', {}, 'server', 4],
    ['hubs of their own', { hubs: 3 }, 'server', 12],
    ['hubs that share one', { hubs: 3, sharedUplink: true }, 'server', 4],
    ['a fat hub', { originUplinkFactor: 7 }, 'server', 28],
    ['a swarm', { receivers: 6 }, 'swarm', 28],
    ['an unequal swarm', { receivers: 3, uplinkFactors: [1, 2] }, 'swarm', 20],
    ['links that nothing holds', { link: 'none' }, 'swarm', Number.POSITIVE_INFINITY],
  ] as const)('of %s', (_, over, architecture, mib) => {
    const given = setting(over as Partial<Setting>);
    expect(servingUplink(given, architecture) / MIB).toBe(mib);
  });
});

describe('completions over time', () => {
  const node = (completedMs: number | null) => exampleNode({ completedMs });
  const run = exampleRun({
    nodes: [node(2000), node(1000), node(null), exampleNode({ role: 'origin' })],
  });

  it('rise from nobody and stay level to the end', () => {
    expect(staircase(run, 5)).toEqual([
      { seconds: 0, done: 0 },
      { seconds: 1, done: 1 },
      { seconds: 2, done: 2 },
      { seconds: 5, done: 2 },
    ]);
  });

  it('of a fluid never fall and end with everybody', () => {
    const flow = fluidCompletions(exampleRun(), 60).map(({ done }) => done);
    expect(flow).toEqual([...flow].sort((a, b) => a - b));
    expect(flow[0]).toBe(0);
    expect(flow.at(-1)).toBeCloseTo(8, 1);
  });

  it('of a fluid whose seeds leave come later', () => {
    const stays = fluidCompletions(exampleRun(), 3);
    const leaves = fluidCompletions(exampleRun({ setting: setting({ leaves: true }) }), 3);
    expect(leaves.at(-1)!.done).toBeLessThan(stays.at(-1)!.done);
  });

  it.each([
    ['a server', { architecture: 'server' }],
    ['links that nothing holds', { setting: setting({ link: 'none' }) }],
    ['peers that vanish', { setting: setting({ lifetimeShare: 0.5 }) }],
  ] as const)('of a fluid say nothing of %s', (_, over) => {
    expect(fluidCompletions(exampleRun(over as Partial<Run>), 3)).toEqual([]);
  });
});

describe('the fitted curve', () => {
  const distribution = { fileBytes: 8 * MIB, uplink: 4 * MIB, receivers: 8 };
  const cost = { secondsPerPiece: 0.001, fixedSeconds: 0.2 };
  const measured = [16, 64, 256, 1024].map((length): Run => {
    const pieceLength = length * KIB;
    const seconds = secondsWith(distribution, cost, (8 * MIB) / pieceLength);
    return exampleRun({
      setting: setting({ fileBytes: 8 * MIB, pieceLength }),
      metrics: { makespanMs: seconds * 1000 },
    });
  });

  it('finds what the points were made of, and where it is best', () => {
    const { fit, best, points } = fittedCurve(measured)!;
    expect(fit.secondsPerPiece).toBeCloseTo(0.001, 6);
    expect(fit.fixedSeconds).toBeCloseTo(0.2, 6);
    expect(best!.y).toBeCloseTo(Math.min(...points.map(({ y }) => y)), 3);
    expect(points[0]!.x).toBeCloseTo(16 * KIB);
    expect(points.at(-1)!.x).toBeCloseTo(1024 * KIB);
  });

  const bent = (over: Partial<Setting>): Run[] => [
    ...measured.slice(1),
    exampleRun({ ...measured[0]!, setting: { ...measured[0]!.setting, ...over } }),
  ];

  it.each([
    ['too few lengths', measured.slice(0, 2)],
    ['runs that never ended', measured.map((run) => ({ ...run, metrics: { makespanMs: null } }))],
    ['files of two sizes', bent({ fileBytes: MIB })],
    ['uplinks that differ', bent({ uplinkFactors: [1, 4] })],
    ['links that nothing holds', bent({ link: 'none' })],
    ['nothing', []],
  ])('is not drawn through %s', (_, runs) => {
    expect(fittedCurve(runs)).toBeUndefined();
  });
});
