// From a directory of raw traces to a result: folded anew each time, so that what is shown
// never rests on anything but what was seen. Works on one whose measuring was broken off:
// the runs that are not there count as missing.
import { chooseExhibits } from './analysis/choose-exhibits.ts';
import { drawExhibit } from './analysis/exhibit.ts';
import { foldRun } from './analysis/fold.ts';
import { conclude } from './analysis/summarize.ts';
import { judgeRun } from './analysis/verdict.ts';
import { drawReport } from './report/page/report.ts';
import { designOf } from './results/experiment.ts';
import { loadExperiment, loadSimulated, loadTrace, saveResult, traceIds } from './results/save.ts';
import { Schedule } from './schedule/schedule.ts';
import type { Result, Run } from './terms/result.ts';
import type { Trace } from './terms/trace.ts';

export function runOf(trace: Trace): Run {
  const folded = foldRun(trace);
  return { ...folded, verdict: judgeRun(folded) };
}

/** Sorted by the time at which each run began. */
export async function loadRuns(dir: string): Promise<Run[]> {
  const runs: Run[] = [];
  // One after the other: the traces of a full catalogue do not fit in memory at once.
  for (const id of await traceIds(dir)) runs.push(runOf(await loadTrace(dir, id)));
  return runs.sort((a, b) => a.goAt - b.goAt);
}

/** Writes result.json, the report and the CSVs. */
export async function concludeDirectory(dir: string): Promise<Result> {
  const experiment = await loadExperiment(dir);
  const { scenarios, notes, budgetMs: _, file: __, ...header } = experiment;
  const runs = await loadRuns(dir);
  const exhibits = [];
  const wanted = scenarios.map(({ scenario }) => scenario);
  for (const id of chooseExhibits(wanted, runs)) {
    exhibits.push(drawExhibit(await loadTrace(dir, id)));
  }
  const result = conclude(
    { ...header, notes, missing: new Schedule(designOf(experiment), runs).missing() },
    scenarios,
    runs,
    exhibits,
    await loadSimulated(dir),
  );
  await saveResult(dir, result, drawReport(result));
  return result;
}
