// Progress on stderr: one live line on a terminal, one plain
// line for each run elsewhere. The time left is what runs of the same kind took so far.
import { LiveLine, type TextOutput } from '../../runtime/node/live-line.ts';
import { percentText, secondsText } from '../terms/amount-text.ts';
import { type PlannedRun, pointText } from '../terms/planned-run.ts';
import type { Run } from '../terms/result.ts';
import { WARM_UP } from './schedule.ts';

export interface Progress {
  start(plan: PlannedRun, index: number, total: number, upcoming: readonly PlannedRun[]): void;
  end(run: Run): void;
  failed(plan: PlannedRun, message: string): void;
  note(text: string): void;
  close(): void;
}

function title({ scenario, point, arm }: PlannedRun): string {
  const at = Object.entries(point).map(
    ([key, value]) => `${key === 'receivers' ? 'N' : key} = ${value}`,
  );
  return [scenario, ...at, arm].join(', ');
}

function outcome(run: Run): string {
  const { makespanMs, reach } = run.metrics;
  const trust =
    run.verdict.state === 'valid' ? '' : `  ${run.verdict.state}: ${run.verdict.reasons[0]}`;
  const bound = run.boundMs > 0 ? ` (bound ${secondsText(run.boundMs)} s)` : '';
  const took = makespanMs == null ? '' : `${secondsText(makespanMs)} s${bound}`;
  const reached = reach == null || reach === 1 ? '' : `${percentText(reach)} completed`;
  return `${[took, reached].filter(Boolean).join(', ')}${trust}`;
}

/** How long runs took: by arm and point, by scenario, and of all. */
class Durations {
  readonly #seen = new Map<string, { sumMs: number; runs: number }>();

  #keysOf({ scenario, point, arm }: PlannedRun): string[] {
    return [`${scenario}/${pointText(point)}/${arm}`, scenario, ''];
  }

  add(plan: PlannedRun, ms: number): void {
    for (const key of this.#keysOf(plan)) {
      const { sumMs, runs } = this.#seen.get(key) ?? { sumMs: 0, runs: 0 };
      this.#seen.set(key, { sumMs: sumMs + ms, runs: runs + 1 });
    }
  }

  /** Undefined before anything has ended. */
  estimateMs(plan: PlannedRun): number | undefined {
    const known = this.#keysOf(plan).find((key) => this.#seen.has(key));
    const seen = known === undefined ? undefined : this.#seen.get(known);
    return seen && seen.sumMs / seen.runs;
  }
}

function leftText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`;
}

export function createProgress(out: TextOutput, now: () => number): Progress {
  const line = new LiveLine(out);
  const durations = new Durations();
  let current: { plan: PlannedRun; label: string; startedAt: number; leftMs: number } | undefined;
  const draw = (): void => {
    if (!current) return;
    const passedMs = now() - current.startedAt;
    const left = current.leftMs > 0 ? `  ${leftText(Math.max(0, current.leftMs - passedMs))}` : '';
    line.draw(`${current.label} ... ${(passedMs / 1000).toFixed(0)} s${left}`);
  };
  const say = (text: string): void => line.print(text);
  const settle = (): void => {
    if (current) durations.add(current.plan, now() - current.startedAt);
  };
  // A live line whose seconds stand still looks hung.
  const timer = line.live ? setInterval(draw, 1000) : undefined;
  return {
    start(plan, index, total, upcoming) {
      const label = `[${String(index + 1).padStart(String(total).length)}/${total}] ${title(plan)}`;
      const leftMs = [plan, ...upcoming].reduce(
        (sum, next) => sum + (durations.estimateMs(next) ?? 0),
        0,
      );
      current = { plan, label, startedAt: now(), leftMs };
      // Its end is not reported.
      if (!line.live && plan.scenario === WARM_UP) say(label);
      draw();
    },
    end(run) {
      settle();
      if (!line.live || run.verdict.state !== 'valid') say(`${current?.label}: ${outcome(run)}`);
    },
    failed(_plan, message) {
      settle();
      say(`${current?.label}: not made: ${message}`);
    },
    note: say,
    close() {
      clearInterval(timer);
      line.draw('');
      current = undefined;
    },
  };
}
