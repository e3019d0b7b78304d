import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Experiment } from '../../../src/lab/results/experiment.ts';
import {
  createOutDir,
  loadExperiment,
  loadResult,
  loadSimulated,
  loadTrace,
  saveExperiment,
  saveResult,
  saveSimulated,
  saveTrace,
  traceIds,
} from '../../../src/lab/results/save.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockScenario, mockTrace } from '../mock-lab.ts';
import { mockCell, mockResult, mockSummary } from '../mock-result.ts';

const design = { scenarios: [mockScenario()], base: DEFAULTS, seed: 7 };
const plans = new Schedule(design).upcoming();
const { environment, tool } = mockResult([]);
const EXPERIMENT: Experiment = {
  ...{ schema: 3, tool, profile: 'quick', command: [], seed: 7, fileName: 'sample.bin' },
  choice: null,
  notes: [],
  ...{ startedAt: '2026-01-02T03:04:05.000Z', wallSeconds: 0, budgetMs: null, file: null },
  ...{ environment, base: DEFAULTS, scenarios: [{ scenario: mockScenario(), skipped: null }] },
};

let top: string;
let dir: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hubswarm-save-'));
  dir = join(top, 'a/b');
  await createOutDir(dir);
});
afterEach(() => rm(top, { recursive: true }));

describe('a directory of results', () => {
  it('gives back what it was given', async () => {
    const trace = mockTrace(plans[0]!);
    const simulated = { points: [], validation: [], error: null, notes: [] };
    await saveExperiment(dir, EXPERIMENT);
    await saveTrace(dir, trace);
    expect(await loadExperiment(dir)).toEqual(EXPERIMENT);
    expect(await loadTrace(dir, trace.plan.id)).toEqual(trace);
    expect(await loadSimulated(dir)).toBeNull();
    await saveSimulated(dir, simulated);
    expect(await loadSimulated(dir)).toMatchObject(simulated);
  });

  it('has each trace where its id says, and lists those that are whole', async () => {
    expect(await traceIds(dir)).toEqual([]);
    for (const plan of plans) await saveTrace(dir, mockTrace(plan));
    expect((await traceIds(dir)).sort()).toEqual(plans.map(({ id }) => id).sort());
    expect(await readdir(join(dir, 'traces/one/n4/a'))).toEqual(['1.json.gz', '2.json.gz']);
    // As a lab leaves it that is killed while it writes.
    await writeFile(join(dir, 'traces/one/n4/a/3.json.gz.part'), 'half');
    expect(await traceIds(dir)).toHaveLength(plans.length);
  });

  it('says so when a trace is damaged, or another one', async () => {
    await saveTrace(dir, mockTrace(plans[0]!));
    const path = join(dir, 'traces', `${plans[0]!.id}.json.gz`);
    await writeFile(join(dir, 'traces/one/n2/a/9.json.gz'), await readFile(path));
    await expect(loadTrace(dir, 'one/n2/a/9')).rejects.toThrow(/9\.json\.gz: damaged; remove it/);
    await truncate(path, 40);
    await expect(loadTrace(dir, plans[0]!.id)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  it('keeps a result with its report and its tables, and reads it by either name', async () => {
    const result = mockResult([mockCell('a', 2, { makespanMs: mockSummary(1000) })]);
    await saveResult(dir, result, '<!doctype html>');
    expect((await readdir(dir)).sort()).toEqual([
      ...['report.html', 'result.json', 'runs.csv', 'summary.csv'],
    ]);
    expect(await loadResult(dir)).toEqual(result);
    expect(await loadResult(join(dir, 'result.json'))).toEqual(result);
  });

  it.each(['experiment.json', 'result.json'])('is not begun again over %s', async (name) => {
    await writeFile(join(dir, name), '{}');
    await expect(createOutDir(dir)).rejects.toThrow(
      /holds results already; give another.*--resume/,
    );
  });

  it.each([
    ['{"schema": 2}', /result\.json: not a result of schema 3 \(schema: /],
    ['{', /result\.json: not a result of schema 3/],
  ])('holds no result in %s', async (text, line) => {
    await writeFile(join(dir, 'result.json'), text);
    await expect(loadResult(dir)).rejects.toThrow(line);
  });

  it('names what is not there', async () => {
    await expect(loadExperiment(dir)).rejects.toThrow(/experiment\.json: no such file/);
    await expect(loadResult(join(dir, 'x'))).rejects.toThrow(/x: no such file/);
  });
});
