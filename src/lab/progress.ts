// What a person sees while it runs, on stderr: one live line on a terminal, one
// plain line for each run elsewhere.
import type { Run } from './result.ts';
import type { PlannedRun } from './scenario.ts';
import { secondsText } from './words.ts';

export interface Progress {
  start(plan: PlannedRun, index: number, total: number): void;
  end(run: Run): void;
  failed(plan: PlannedRun, message: string): void;
  note(text: string): void;
  close(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const NAMES: Record<PlannedRun['scenario'], string> = {
  'warm-up': 'warm-up',
  calibration: 'calibration',
  scaling: 'makespan',
  kill: 'origin killed',
  agreement: 'links compared',
};

function title({ scenario, arm, link, receivers, killCopies }: PlannedRun): string {
  const copies = killCopies === null ? '' : ` after ${killCopies} copies`;
  const held = scenario === 'agreement' ? `, ${link}` : '';
  return `${NAMES[scenario]}${copies}: ${arm}, N = ${receivers}${held}`;
}

function outcome(run: Run): string {
  const trust =
    run.verdict.state === 'valid' ? '' : `  ${run.verdict.state}: ${run.verdict.reasons[0]}`;
  if (run.killCopies !== null) return `${run.completed}/${run.receivers} completed${trust}`;
  if (run.makespanMs === null) return `only ${run.completed}/${run.receivers} completed${trust}`;
  const bound = run.boundMs > 0 ? ` (bound ${secondsText(run.boundMs)} s)` : '';
  return `${secondsText(run.makespanMs)} s${bound}${trust}`;
}

export function createProgress(out: Output, now: () => number): Progress {
  const live = out.isTTY === true;
  const startedAt = now();
  let current = '';
  let label = '';
  const clear = (): void => {
    if (live && current) out.write('\r\x1b[K');
  };
  const draw = (): void => {
    if (!live || !current) return;
    const line = `${current}  ${((now() - startedAt) / 1000).toFixed(0)} s`;
    out.write(`\r\x1b[K${line.slice(0, (out.columns ?? 80) - 1)}`);
  };
  const say = (text: string): void => {
    clear();
    out.write(`${text}\n`);
    draw();
  };
  // A live line whose seconds stand still looks hung.
  const timer = live ? setInterval(draw, 1000) : undefined;
  return {
    start(plan, index, total) {
      label = `[${String(index + 1).padStart(String(total).length)}/${total}] ${title(plan)}`;
      current = `${label} ...`;
      draw();
    },
    end(run) {
      const text = `${label}: ${outcome(run)}`;
      if (!live) say(text);
      else if (run.verdict.state !== 'valid' && run.scenario !== 'warm-up') say(text);
    },
    failed: (_plan, message) => say(`${label}: not made: ${message}`),
    note: say,
    close() {
      clearInterval(timer);
      clear();
      current = '';
    },
  };
}
