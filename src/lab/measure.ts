// Carries a schedule out, run after run. Knows neither processes nor files: the
// executor makes runs happen, `onRun` keeps each the moment it ends. A run that
// could not be made is counted and told, and the others go on.
import { describeError, hasCode } from '../runtime/errors.ts';
import { foldRun } from './fold.ts';
import type { Run } from './result.ts';
import type { Execute } from './run-arm.ts';
import type { Parameters, PlannedRun } from './scenario.ts';
import { isExtra, schedule } from './schedule.ts';
import { judgeRun } from './verdict.ts';

export interface MeasureOptions {
  readonly parameters: Parameters;
  readonly execute: Execute;
  /** Milliseconds on a clock that never steps back. */
  readonly now: () => number;
  /** Since `now()` at the call; Infinity for none. */
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  readonly onStart: (plan: PlannedRun, index: number, total: number) => void;
  readonly onRun: (run: Run) => void | Promise<void>;
  readonly onFailure: (plan: PlannedRun, message: string) => void;
}

export interface Measured {
  readonly runs: readonly Run[];
  /** Runs that failed to be made; a repetition dropped for time is none of them. */
  readonly missing: number;
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { parameters, execute, now, signal } = options;
  const plans = schedule(parameters);
  const begunAt = now();
  const took = new Map<string, number>();
  const runs: Run[] = [];
  let missing = 0;
  for (const [index, plan] of plans.entries()) {
    // A pair is one question: it is dropped before its first run or made whole.
    if (isExtra(plan) && startsPair(plans, index)) {
      const pairMs = pairDuration(plan, took);
      if (now() - begunAt + pairMs > options.budgetMs) break;
    }
    signal.throwIfAborted();
    options.onStart(plan, index, plans.length);
    const startedAt = now();
    try {
      const folded = foldRun(plan, parameters, await execute(plan, signal));
      const run: Run = { ...folded, verdict: judgeRun(folded, parameters) };
      runs.push(run);
      await options.onRun(run);
    } catch (error) {
      // Of the first runs: nothing works, and going on would only hide why.
      if (!hasCode(error, 'ERR_MEASUREMENT') || plan.scenario === 'warm-up') throw error;
      missing++;
      options.onFailure(plan, describeError(error));
    }
    took.set(cellOf(plan), now() - startedAt);
  }
  return { runs, missing };
}

const cellOf = ({ arm, receivers }: PlannedRun): string => `${arm} ${receivers}`;

const startsPair = (plans: readonly PlannedRun[], index: number): boolean => {
  const before = plans[index - 1];
  const plan = plans[index]!;
  return before?.receivers !== plan.receivers || before.repetition !== plan.repetition;
};

/** What both arms took for this many receivers the last time. */
function pairDuration({ receivers }: PlannedRun, took: ReadonlyMap<string, number>): number {
  return (took.get(`server ${receivers}`) ?? 0) + (took.get(`swarm ${receivers}`) ?? 0);
}
