import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/lab/progress.ts';
import { schedule } from '../../src/lab/schedule.ts';
import { PARAMETERS } from './synthetic.ts';
import { syntheticResult } from './synthetic-result.ts';

const { runs } = await syntheticResult((plan) =>
  plan.id === 'scaling-n2-swarm-1' ? { file: 'different' } : {},
);

function shown(terminal: boolean): string {
  let text = '';
  const out = { isTTY: terminal, columns: 70, write: (part: string) => (text += part) };
  const progress = createProgress(out, () => 0);
  const plans = schedule(PARAMETERS);
  for (const [index, plan] of plans.entries()) {
    progress.start(plan, index, plans.length);
    progress.end(runs[index]!);
  }
  progress.failed(plans[0]!, 'no port');
  progress.close();
  return text;
}

describe('progress', () => {
  it('is one plain line for each run where there is no terminal', () => {
    const lines = shown(false).trimEnd().split('\n');
    expect(lines).toHaveLength(runs.length + 1);
    expect(lines[4]).toBe('[ 5/22] makespan: server, N = 2: 2.06 s (bound 2.00 s)');
    expect(lines[5]).toMatch(/invalid: receiver-1: the received file is not/);
    expect(
      lines.some((line) =>
        line.endsWith('origin killed after 0.5 copies: swarm, N = 8: 0/8 completed'),
      ),
    ).toBe(true);
    expect(lines.at(-1)).toMatch(/not made: no port$/);
    expect(lines.join('').includes('\x1b')).toBe(false);
  });

  it('is one live line on a terminal, no longer than it, and a line for what went wrong', () => {
    const text = shown(true);
    const kept = text.split('\n');
    // Two that stay: the run that is invalid and the one that was not made.
    expect(kept).toHaveLength(3);
    expect(text.endsWith('\x1b[K')).toBe(true);
    for (const live of text.split('\r\x1b[K')) {
      if (live && !live.includes('\n')) expect(live.length).toBeLessThan(70);
    }
  });
});
