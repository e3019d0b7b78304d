// Carries a schedule out, run after run. Knows neither processes nor files: the executor
// makes runs happen, `onTrace` keeps each the moment it ends. A run that could not be made
// is told and counted, and the others go on; when it is stopped, what there is comes back.
import { describeError, hasCode } from '../../runtime/errors.ts';
import type { Design, PlannedRun } from '../terms/planned-run.ts';
import type { Run } from '../terms/result.ts';
import type { Scenario } from '../terms/scenario.ts';
import type { Trace } from '../terms/trace.ts';
import { planWarmUp, Schedule } from './schedule.ts';

export interface MeasureOptions extends Design {
  readonly execute: (plan: PlannedRun, signal: AbortSignal) => Promise<Trace>;
  /** What a trace comes to. */
  readonly runOf: (trace: Trace) => Run;
  /** Milliseconds on a clock that never steps back. */
  readonly now: () => number;
  /** Since `now()` at the call; Infinity for none. */
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  /** Runs of an earlier sitting of the same design. */
  readonly done: readonly Run[];
  /** Why this machine cannot run it; null when it can. */
  readonly skip: (scenario: Scenario) => string | null;
  /** @param upcoming those known to come after this one */
  readonly onStart: (
    plan: PlannedRun,
    index: number,
    total: number,
    upcoming: readonly PlannedRun[],
  ) => void;
  readonly onTrace: (trace: Trace) => void | Promise<void>;
  readonly onRun: (run: Run) => void;
  readonly onFailure: (plan: PlannedRun, message: string) => void;
}

interface PlannedScenario {
  readonly scenario: Scenario;
  /** Why it is not run; null when it is. */
  readonly skipped: string | null;
}

export interface Measured {
  readonly runs: readonly Run[];
  /** Runs that are wanted and not there; a repetition dropped for time is none of them. */
  readonly missing: number;
  readonly scenarios: readonly PlannedScenario[];
  /** The signal came before all was made. */
  readonly interrupted: boolean;
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { signal, done, now } = options;
  const scenarios = options.scenarios.map((scenario) => ({
    scenario,
    skipped: options.skip(scenario),
  }));
  const design = {
    base: options.base,
    seed: options.seed,
    scenarios: scenarios.filter(({ skipped }) => skipped === null).map(({ scenario }) => scenario),
  };
  const endsAt = now() + options.budgetMs;
  const schedule = new Schedule(design, done);
  const made: Run[] = [];
  let interrupted = false;
  try {
    const first = schedule.next(endsAt - now());
    const warmUp = first ? planWarmUp(design) : [];
    const upcoming = [...warmUp, ...(first ? [first] : []), ...schedule.upcoming()];
    for (const [i, plan] of warmUp.entries()) {
      signal.throwIfAborted();
      options.onStart(plan, i, upcoming.length, upcoming.slice(i + 1));
      // Where not even this works, nothing does, and going on would only hide why.
      await options.execute(plan, signal);
    }
    let index = warmUp.length;
    for (let plan = first; plan; plan = schedule.next(endsAt - now())) {
      signal.throwIfAborted();
      const rest = schedule.upcoming();
      options.onStart(plan, index, index + 1 + rest.length, rest);
      const startedAt = now();
      const run = await make(plan, options);
      if (run) made.push(run);
      schedule.handleEnd(plan, run, now() - startedAt);
      index++;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    interrupted = true;
  }
  return { runs: [...done, ...made], missing: schedule.missing(), scenarios, interrupted };
}

async function make(plan: PlannedRun, options: MeasureOptions): Promise<Run | undefined> {
  try {
    const trace = await options.execute(plan, options.signal);
    // Kept before anything is made of it.
    await options.onTrace(trace);
    const run = options.runOf(trace);
    options.onRun(run);
    return run;
  } catch (error) {
    if (!hasCode(error, 'ERR_MEASUREMENT')) throw error;
    options.onFailure(plan, describeError(error));
    return undefined;
  }
}
