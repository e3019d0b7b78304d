// The machine that the figures were measured on: enough to judge them by, and nothing that
// names the machine or its user.
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../terms/result.ts';
import { foreignShare, machineCpu } from './cpu.ts';

/** Long enough for ten ticks of /proc/stat on one core, short against a comparison. */
const LOOK_MS = 300;

/** @param network what the kernel lacks for links of its own, in words */
export async function describeEnvironment(
  signal: AbortSignal,
  network: readonly string[],
): Promise<Environment> {
  const before = machineCpu();
  // Node's own AbortError has not the reason in it.
  await delay(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  const cpus = os.cpus();
  return {
    node: process.versions.node,
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    cpuModel: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    loadAverage: os.loadavg(),
    foreignCpuShareBefore: foreignShare(before, machineCpu(), 0),
    network: [...network],
  };
}
