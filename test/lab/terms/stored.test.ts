// Results that were written before scenarios had traits, and what a later key of a setting
// does to them. The fixture was made by that version and is never made again.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { concludeDirectory, loadRuns } from '../../../src/lab/conclusion.ts';
import { diffResults } from '../../../src/lab/results/diff.ts';
import { designOf } from '../../../src/lab/results/experiment.ts';
import { loadExperiment, loadResult } from '../../../src/lab/results/save.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { TRAITS } from '../../../src/lab/terms/scenario.ts';
import { DEFAULTS, settingSchema } from '../../../src/lab/terms/setting.ts';
import { storedForm, storedScenarioSchema } from '../../../src/lab/terms/stored.ts';

const OLD = resolve(import.meta.dirname, '../../../fixtures/result-schema-3');

async function copyOfOld(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-stored-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await cp(OLD, dir, { recursive: true });
  return dir;
}

describe('an old directory of results', () => {
  it('has scenarios without traits', async () => {
    const text = await readFile(join(OLD, 'experiment.json'), 'utf8');
    for (const trait of TRAITS) expect(text).not.toContain(`"${trait}"`);
  });

  it('is read, with the traits that its scenarios had by their ids', async () => {
    const { scenarios } = await loadResult(OLD);
    expect(scenarios.map(({ scenario }) => [scenario.id, scenario.role])).toEqual([
      ['calibration', 'calibration'],
      ['kill', 'kill'],
    ]);
  });

  it('is concluded anew to what it said, and no difference is found', async () => {
    const before = await loadResult(OLD);
    const after = await concludeDirectory(await copyOfOld());
    expect(after).toEqual(before);
    expect(diffResults(before, after)).toMatchObject({ claims: [], onlyA: [], differing: [] });
  });

  it('can be gone on with: nothing of it is missing', async () => {
    const design = designOf(await loadExperiment(OLD));
    expect(new Schedule(design, []).missing()).toBeGreaterThan(0);
    expect(new Schedule(design, await loadRuns(OLD)).missing()).toBe(0);
  });
});

describe('the stored form', () => {
  const withoutTraits = (id: string) => {
    const scenario: object = CATALOGUE.find((one) => one.id === id)!;
    return Object.fromEntries(
      Object.entries(scenario).filter(([key]) => !(TRAITS as readonly string[]).includes(key)),
    );
  };

  it.each(CATALOGUE)('of scenario $id has what the catalogue says', (scenario) => {
    expect(storedScenarioSchema.parse(withoutTraits(scenario.id))).toEqual(scenario);
  });

  it('leaves a scenario alone that says what it is', () => {
    const said = { ...withoutTraits('kill'), role: null };
    expect(storedScenarioSchema.parse(said)).toMatchObject({ role: null, figures: [] });
  });

  it('fills in a key of a setting that came later, and refuses one that nobody knows', () => {
    const later = settingSchema.extend({ delayMs: settingSchema.shape.receivers });
    const stored = storedForm(later, { delayMs: 1 });
    expect(stored.parse(DEFAULTS)).toEqual({ ...DEFAULTS, delayMs: 1 });
    expect(stored.parse({ ...DEFAULTS, delayMs: 5 })).toEqual({ ...DEFAULTS, delayMs: 5 });
    expect(stored.safeParse({ ...DEFAULTS, other: 1 }).success).toBe(false);
    expect(later.safeParse(DEFAULTS).success).toBe(false);
  });
});
