import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../src/lab/catalogue/catalogue.ts';
import { drawReport } from '../../../../src/lab/report/page/report.ts';
import { nextStep } from '../../../../src/lab/report/words/next-step.ts';
import { narrow } from '../../../../src/lab/schedule/profile.ts';
import { planSwarm } from '../../../../src/lab/schedule/quick.ts';
import { drawTable } from '../../../../src/lab/terminal/result-table.ts';
import type { Choice, Result, Run } from '../../../../src/lab/terms/result.ts';
import { syntheticResult } from '../../synthetic-result.ts';

const some = (...ids: string[]) => CATALOGUE.filter(({ id }) => ids.includes(id));
const AROUND = { dir: 'results/now', program: 'node dist/cli.js', width: 200 };
const CHOICE: Choice = {
  text: 'N = 2, 4, 8 with 1 MiB',
  cores: { present: 2, affinity: 2, quota: null, foreign: 0, free: 2 },
  cost: { startCpuMs: 170, swarmCpuMs: 650 },
  swarm: 'measured',
  cpuShare: 0.5,
  seconds: 90,
};

const SOUND = syntheticResult(() => ({}), some('scaling', 'kill'));

/** Swarms of 8 were disturbed, by others or not. */
function disturbed(foreignCpuShare: number): Result {
  const runs = SOUND.runs.map((run): Run => {
    if (run.architecture !== 'swarm' || run.point.receivers !== 8) return run;
    const reasons = ['an event loop was late by 194 ms'];
    return { ...run, foreignCpuShare, verdict: { state: 'unknown', reasons } };
  });
  const scenarios = SOUND.scenarios.map((one) => ({
    ...one,
    cells: one.cells.map((cell) =>
      cell.arm === 'swarm' && cell.point.receivers === 8 ? { ...cell, validRuns: 0 } : cell,
    ),
  }));
  const verdict = { state: 'unknown' as const, reasons: ['a claim cannot be judged'] };
  return { ...SOUND, runs, scenarios, verdict };
}

/** A server alone, and the swarm of these scenarios simulated. */
function simulated(cores: Choice['cores']): Result {
  const servers = some('scaling', 'kill').map((one) => narrow(one, { arms: ['server'] }));
  const result = syntheticResult(() => ({}), servers);
  const plans = servers.flatMap((scenario) => planSwarm(scenario, result.base, 7));
  const points = plans.map(({ scenario, arm, point, setting }) => ({
    ...{ scenario, arm, point, receivers: setting.receivers, fileBytes: setting.fileBytes },
    ...{ pieceLength: 65_536, uplinkBytesPerSecond: setting.uplinkBytesPerSecond },
    ...{ reach: 1, makespanMs: 4321, firstPieceMs: 100, boundMs: 4000 },
    ...{ originCopies: 1.1, wallMs: 5 },
  }));
  return {
    ...result,
    choice: { ...CHOICE, cores, swarm: 'simulated' },
    simulated: { points, validation: [], error: null, notes: [] },
  };
}

describe('what to do next', () => {
  it('is nothing after a result that says what was asked', () => {
    expect(nextStep(SOUND, 'DIR')).toBeUndefined();
    expect(drawTable(SOUND, AROUND)).not.toContain('next  ');
  });

  it('is the same again when other programs were in the way, into another directory', () => {
    const result = { ...disturbed(0.4), command: ['--seed', '7', '--out', 'here'] };
    const next = nextStep(result, 'DIR')!;
    expect(next.sentence).toMatch(
      /^Other programs used the CPU .* compare again when they are done/,
    );
    expect(next.args).toEqual(['--seed', '7']);
    expect(drawTable(result, AROUND)).toContain(
      `\nnext    ${next.sentence}\n        node dist/cli.js compare --seed 7`,
    );
    expect(drawReport(result)).toContain('./scripts/compare.sh --seed 7</code>');
  });

  it('is what fits this machine, when the processes themselves were too much for it', () => {
    const result = { ...disturbed(0), command: ['--receivers', '2,4,8'] };
    expect(nextStep(result, 'DIR')).toMatchObject({
      sentence: expect.stringContaining('let it choose'),
      args: [],
    });
    const chosen = { ...result, choice: CHOICE, command: [] };
    expect(nextStep(chosen, 'DIR')?.sentence).toContain('compare again');
  });

  it('is to go on where runs are missing', () => {
    const result = { ...disturbed(0), missing: 3 };
    expect(nextStep(result, 'results/now')?.args).toEqual(['--resume', 'results/now']);
  });
});

describe('a disturbed cell', () => {
  it('is marked, with the reason below', () => {
    const table = drawTable(disturbed(0), AROUND);
    const line = table.split('\n').find((text) => text.startsWith('\u2502 8 '))!;
    expect(line.split('\u2502')[5]).toMatch(/ \? $/);
    expect(table.split('\n').filter((text) => / \? /.test(text))).toEqual([line]);
    expect(table).toMatch(/\? disturbed: \d+ of \d+ runs, as scaling\/n8.*194 ms/);
  });
});

describe('what was chosen', () => {
  it('stands in the table and in the report, with what was used in fact', () => {
    const result = { ...SOUND, choice: CHOICE };
    const text = /N = 2, 4, 8 with 1 MiB; in fact [\d.]+ % were used/;
    expect(drawTable(result, AROUND).split('\n')[0]).toMatch(text);
    expect(drawReport(result)).toMatch(text);
  });
});

describe('where there was too little CPU', () => {
  const QUOTA = { present: 2, affinity: 2, quota: 0.2, foreign: 0, free: 0.2 };

  it('shows the server, the bounds and the simulated swarm', () => {
    const result = simulated(QUOTA);
    const table = drawTable(result, AROUND);
    expect(table).toMatch(/simulated swarm s/);
    expect(table).toMatch(/\u2502 8 .*4\.32.*4\.00.*x \u2502 +8\/8/);
    expect(table).toMatch(/\u2502 simulated swarm .*8\/8/);
    const report = drawReport(result);
    expect(report).toContain('a swarm was not run but simulated: 4.32 s');
    expect(report).toContain('8 with a simulated swarm');
    expect(report).toContain('Simulated beside it');
  });

  it('says whether others take it, or whether there is none', () => {
    expect(nextStep(simulated(QUOTA), 'DIR')?.sentence).toMatch(/^There is too little CPU here/);
    const crowded = { present: 2, affinity: 2, quota: null, foreign: 1.8, free: 0.2 };
    expect(nextStep(simulated(crowded), 'DIR')?.sentence).toMatch(/^Other programs take the CPU/);
  });
});
