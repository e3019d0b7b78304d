import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../src/lab/schedule/progress.ts';
import { Schedule } from '../../../src/lab/schedule/schedule.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockRun, mockScenario, mockTrace } from '../mock-lab.ts';

const plans = new Schedule({
  ...{ scenarios: [mockScenario({ sweep: { kill: [0.5, 'first copy'] } })], base: DEFAULTS },
  seed: 1,
}).upcoming();

/** Each run takes ten seconds; the second is invalid, the third completes nowhere. */
function shown(terminal: boolean): string {
  let text = '';
  let clock = 0;
  const out = { isTTY: terminal, columns: 70, write: (part: string) => (text += part) };
  const progress = createProgress(out, () => clock);
  for (const [index, plan] of plans.entries()) {
    progress.start(plan, index, plans.length, plans.slice(index + 1));
    clock += 10_000;
    const run = mockRun(mockTrace(plan), index === 2 ? null : 2060);
    const verdict = { state: 'invalid' as const, reasons: ['receiver-1: another file'] };
    progress.end(index === 1 ? { ...run, verdict } : run);
  }
  progress.failed(plans[0]!, 'no port');
  progress.close();
  return text;
}

describe('progress', () => {
  it('is one plain line for each run where there is no terminal', () => {
    const lines = shown(false).trimEnd().split('\n');
    expect(lines).toHaveLength(plans.length + 1);
    expect(lines[0]).toBe('[1/8] one, kill = 0.5, a: 2.06 s (bound 0.90 s)');
    expect(lines[1]).toMatch(/ {2}invalid: receiver-1: another file$/);
    expect(lines[2]).toBe('[3/8] one, kill = first copy, a: 50.0 % completed');
    expect(lines.at(-1)).toMatch(/^\[8\/8\] .*: not made: no port$/);
    expect(lines.join('').includes('\x1b')).toBe(false);
  });

  it('is one live line on a terminal, no longer than it, with the time left', () => {
    const text = shown(true);
    const live = text.split('\r\x1b[K').filter((line) => line && !line.includes('\n'));
    for (const line of live) expect(line.length).toBeLessThan(70);
    // Before anything has ended nothing is known.
    expect(live[0]).toBe('[1/8] one, kill = 0.5, a ... 0 s');
    expect(live.find((line) => line.startsWith('[3/8]'))).toMatch(
      /\.\.\. 0 s {2}60 s left|1 min left/,
    );
    expect(live.at(-1)).not.toMatch(/min left/);
    // Two that stay: the run that is invalid and the one that was not made.
    expect(text.split('\n')).toHaveLength(3);
    expect(text.endsWith('\x1b[K')).toBe(true);
  });
});
