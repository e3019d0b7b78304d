// One sitting of an experiment: measures what its directory does not hold yet, keeps each
// run the moment it ends, and concludes; also when it is stopped, or ends on an error in
// between, nothing that was measured is lost, and another sitting goes on from there.
import { HubswarmError } from '../runtime/errors.ts';
import { concludeDirectory, loadRuns, runOf } from './conclusion.ts';
import { designOf, type Experiment } from './results/experiment.ts';
import { loadSimulated, saveExperiment, saveSimulated, saveTrace } from './results/save.ts';
import { type MeasureOptions, measure } from './schedule/measure.ts';
import type { Progress } from './schedule/progress.ts';
import type { Result, Run, Simulated } from './terms/result.ts';

export interface SittingOptions extends Pick<MeasureOptions, 'execute' | 'now' | 'signal'> {
  readonly dir: string;
  /** The experiment as it is stored in the directory. */
  readonly experiment: Experiment;
  readonly progress: Progress;
  /** What the simulator adds when all is measured; undefined: nothing. */
  readonly simulate: ((runs: readonly Run[]) => Promise<Simulated>) | undefined;
}

/** @throws HubswarmError ERR_ABORTED when it was stopped, after saving what there is */
export async function sit(options: SittingOptions): Promise<Result> {
  const { dir, experiment, progress, signal, now } = options;
  const begunAt = now();
  const keepTime = (): Promise<void> =>
    saveExperiment(dir, {
      ...experiment,
      wallSeconds: experiment.wallSeconds + (now() - begunAt) / 1000,
    });
  const { budgetMs, wallSeconds, scenarios } = experiment;
  const skipped = new Map(scenarios.map((planned) => [planned.scenario, planned.skipped]));
  const measured = await measure({
    ...designOf(experiment),
    scenarios: scenarios.map(({ scenario }) => scenario),
    budgetMs: budgetMs === null ? Number.POSITIVE_INFINITY : budgetMs - wallSeconds * 1000,
    done: await loadRuns(dir),
    skip: (scenario) => skipped.get(scenario) ?? null,
    execute: options.execute,
    runOf,
    now,
    signal,
    onStart: progress.start,
    onTrace: async (trace) => {
      await saveTrace(dir, trace);
      await keepTime();
    },
    onRun: progress.end,
    onFailure: progress.failed,
  });
  if (!measured.interrupted) await addSimulated(options, measured.runs);
  await keepTime();
  const result = await concludeDirectory(dir);
  if (!signal.aborted) return result;
  const why = signal.reason instanceof Error ? signal.reason.message : 'stopped';
  throw new HubswarmError(
    'ERR_ABORTED',
    `${why}; what was measured is in ${dir}; go on with: hubswarm compare --resume ${dir}`,
  );
}

async function addSimulated(
  { dir, simulate, signal }: SittingOptions,
  runs: readonly Run[],
): Promise<void> {
  if (!simulate || (await loadSimulated(dir)) !== null) return;
  try {
    await saveSimulated(dir, await simulate(runs));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
