// What this process costs: CPU, memory, and how late its event loop runs.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { guarded } from '../../runtime/guarded.ts';
import type { Emit } from '../event.ts';

const EVERY_MS = 1000;
/** Of the delay histogram: a timer that fires so often, and at 10 ms costs 1 % of a core. */
const RESOLUTION_MS = 50;

/** Emits `usage_sampled` every second until stopped; stopping emits the last one. */
export function startUsageSampler(emit: Emit): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const sample = (): void => {
    const cpu = process.cpuUsage();
    emit({
      event: 'usage_sampled',
      cpuMs: (cpu.user + cpu.system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      // The histogram counts the interval itself; before the first sample max is 0.
      loopLagMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
    });
    delay.reset();
  };
  const timer = setInterval(guarded('sampling usage', sample), EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    sample();
    delay.disable();
  };
}
