// Whether a figure can be trusted. `invalid`: what was measured contradicts itself
// or theory, so the harness or the program is wrong. `unknown`: the machine or an
// accident may have decided it. `valid`: neither was seen. Each with its reasons,
// in words. Thresholds are chosen once, here, before any result is looked at.
import { SOCKET_BYTES } from './network/plan.ts';
import type { Calibration, Claim, Run, RunNode, Verdict } from './result.ts';
import { type Parameters, ratesOf } from './scenario.ts';

export const THRESHOLDS = {
  /** A makespan this far under its bound cannot be: links are held within 3 %. */
  belowBound: 0.03,
  /** A cap exceeded, or in the calibration missed, by more than this. */
  cap: 0.05,
  /** Bytes sent and received may differ by what is on its way when a run ends. */
  conservation: 0.02,
  /** Cores kept busy by others, as a share of all. */
  foreignCpu: 0.1,
  /** A link catches up what it missed within 100 ms (LATE_CREDIT_MS); later is lost. */
  loopLagMs: 100,
  /** Half of the time after which a run with a dead origin counts as stalled. */
  stallLagMs: 1000,
  /** Load only ever makes a run longer: one this close to its bound was not harmed. */
  unharmedEfficiency: 0.9,
} as const;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function capsExceeded(run: Omit<Run, 'verdict'>, parameters: Parameters): string[] {
  const caps = ratesOf(parameters);
  // A program counts what it hands to the kernel, which with links of the kernel's may
  // still lie in a socket to each of the others when the run ends.
  const unsentBytes = run.link === 'netns' ? run.receivers * SOCKET_BYTES : 0;
  const seconds = run.endedMs / 1000;
  const check = (node: RunNode, way: string, bytes: number, cap: number): string[] => {
    const over = bytes / seconds / cap - 1;
    return over > THRESHOLDS.cap ? [`${node.id}: ${way} cap exceeded by ${percent(over)}`] : [];
  };
  return run.nodes.flatMap((node) => [
    ...check(node, 'uplink', node.sentBytes - unsentBytes, caps.uplinkBytesPerSecond),
    ...check(node, 'downlink', node.receivedBytes, caps.downlinkBytesPerSecond),
  ]);
}

function contradictions(run: Omit<Run, 'verdict'>, parameters: Parameters): string[] {
  const reasons = run.nodes
    .filter(({ file }) => file === 'different')
    .map(({ id }) => `${id}: the received file is not the one that was sent`);
  if (run.efficiency !== null && run.efficiency > 1 / (1 - THRESHOLDS.belowBound)) {
    reasons.push(`makespan ${percent(1 - 1 / run.efficiency)} below its bound (${run.boundName})`);
  }
  reasons.push(...capsExceeded(run, parameters));
  for (const node of run.nodes) {
    if (node.completedMs === null) continue;
    if (node.file === 'absent') reasons.push(`${node.id}: completed, but its file is not there`);
    if (node.receivedBytes < run.fileBytes * (1 - THRESHOLDS.conservation)) {
      reasons.push(`${node.id}: completed, but counted only ${node.receivedBytes} bytes received`);
    }
  }
  const lost = Math.abs(run.sentBytes - run.receivedBytes) / Math.max(run.receivedBytes, 1);
  // A killed origin takes its last count with it.
  if (run.killCopies === null && run.makespanMs !== null && lost > THRESHOLDS.conservation) {
    reasons.push(`bytes sent and received differ by ${percent(lost)}`);
  }
  return reasons;
}

/** Processes that ended outside the script: after the kill, giving up is part of it. */
function accidents(run: Omit<Run, 'verdict'>): string[] {
  return run.nodes.flatMap(({ id, role, exit, completedMs, lastWords }) => {
    if (!exit || exit.code === 0 || (run.fault && (role === 'origin' || completedMs === null))) {
      return [];
    }
    const how = exit.signal ?? `exit code ${exit.code}`;
    return [`${id} ended unasked (${how})${lastWords ? `: ${lastWords}` : ''}`];
  });
}

function disturbances(run: Omit<Run, 'verdict'>): string[] {
  const reasons: string[] = [];
  const lag = Math.max(...run.nodes.map(({ loopLagMs }) => loopLagMs ?? 0));
  const allowedLag = run.killCopies === null ? THRESHOLDS.loopLagMs : THRESHOLDS.stallLagMs;
  if (lag > allowedLag) reasons.push(`an event loop was late by ${lag.toFixed(0)} ms`);
  // Whether anybody completes is decided by bytes, not by time.
  const timed = run.killCopies === null;
  if (timed && run.foreignCpuShare !== null && run.foreignCpuShare > THRESHOLDS.foreignCpu) {
    reasons.push(`other programs used ${percent(run.foreignCpuShare)} of the CPU`);
  }
  return reasons;
}

export function judgeRun(run: Omit<Run, 'verdict'>, parameters: Parameters): Verdict {
  const invalid = contradictions(run, parameters);
  const unknown = accidents(run);
  // When all were done before the origin had sent that much, its death would change nothing.
  if (run.killCopies !== null && run.fault === null && run.completed < run.receivers) {
    unknown.push('the origin never sent enough to be killed');
  }
  const load = disturbances(run);
  const unharmed =
    (run.efficiency ?? 0) >= THRESHOLDS.unharmedEfficiency ||
    (run.killCopies !== null && run.completed === run.receivers);
  const reasons = [...invalid, ...unknown, ...load];
  if (invalid.length > 0) return { state: 'invalid', reasons };
  if (unknown.length > 0 || (load.length > 0 && !unharmed)) return { state: 'unknown', reasons };
  return { state: 'valid', reasons: load.map((reason) => `${reason}; not harmed by it`) };
}

export interface Evidence {
  readonly runs: readonly Run[];
  readonly claims: readonly Claim[];
  readonly calibration: readonly Calibration[];
  /** Runs that were planned, sure to be wanted, and not made. */
  readonly missing: number;
}

/** Of the whole comparison. A failed claim is a valid result. */
export function judge({ runs, claims, calibration, missing }: Evidence): Verdict {
  const invalid = runs
    .filter(({ scenario, verdict }) => scenario !== 'warm-up' && verdict.state === 'invalid')
    .map(({ id, verdict }) => `${id}: ${verdict.reasons[0]}`);
  const unknown: string[] = [];
  for (const { arm, ratio } of calibration) {
    if (ratio === null) unknown.push(`calibration of the ${arm}: no rate was measured`);
    else if (ratio > 1 + THRESHOLDS.cap) {
      invalid.push(`calibration of the ${arm}: cap exceeded by ${percent(ratio - 1)}`);
    } else if (ratio < 1 - THRESHOLDS.cap) {
      unknown.push(`calibration of the ${arm}: cap missed by ${percent(1 - ratio)}`);
    }
  }
  if (missing > 0) unknown.push(`${missing} planned runs were not made`);
  for (const { id, state } of claims) {
    if (state === 'unknown')
      unknown.push(`claim '${id}' cannot be judged: the runs that it rests on were disturbed`);
  }
  if (invalid.length > 0) return { state: 'invalid', reasons: [...invalid, ...unknown] };
  return { state: unknown.length > 0 ? 'unknown' : 'valid', reasons: unknown };
}
