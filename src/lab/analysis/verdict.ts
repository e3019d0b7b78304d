// Whether a figure can be trusted. `invalid`: what was measured contradicts itself
// or theory, so the harness or the program is wrong. `unknown`: the machine or an
// accident may have decided it. `valid`: neither was seen. Each with its reasons,
// in words. Thresholds are chosen once, here, before any result is looked at.
import { SOCKET_BYTES } from '../network/wiring.ts';
import type { Claim, Run, RunNode, Verdict } from '../terms/result.ts';
import type { Scenario } from '../terms/scenario.ts';
import { receives } from '../terms/trace.ts';
import { median } from './stats/quantile.ts';

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

type Folded = Omit<Run, 'verdict'>;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const wanting = ({ nodes }: Folded): RunNode[] => nodes.filter(receives);

const allComplete = (run: Folded): boolean => run.metrics.reach === 1;

/** In such runs bytes, not time, decide which nodes complete. */
const isKill = ({ setting }: Folded): boolean =>
  setting.kill !== null || setting.faults.some((fault) => fault.do === 'kill');

/** What an attacker does to itself is no fault of the harness. */
const isOurs = ({ role }: RunNode): boolean => role !== 'attacker';

function capsExceeded(run: Folded): string[] {
  // A program counts what it hands to the kernel, which with links of the kernel's may
  // still lie in a socket to each of the others when the run ends.
  const unsentBytes = run.setting.link === 'netns' ? run.setting.receivers * SOCKET_BYTES : 0;
  const seconds = run.endedMs / 1000;
  const check = (node: RunNode, way: string, bytes: number, cap: number | null): string[] => {
    const over = cap === null ? 0 : bytes / seconds / cap - 1;
    return over > THRESHOLDS.cap ? [`${node.id}: ${way} cap exceeded by ${percent(over)}`] : [];
  };
  return run.nodes
    .filter(isOurs)
    .flatMap((node) => [
      ...check(node, 'uplink', node.sentBytes - unsentBytes, node.uplinkBytesPerSecond),
      ...check(node, 'downlink', node.receivedBytes, node.downlinkBytesPerSecond),
    ]);
}

function belowBound({ metrics, boundName }: Folded): string[] {
  const { efficiency = null } = metrics;
  if (efficiency === null || efficiency <= 1 / (1 - THRESHOLDS.belowBound)) return [];
  return [`makespan ${percent(1 - 1 / efficiency)} below its bound (${boundName})`];
}

function contradictions(run: Folded): string[] {
  const reasons = run.nodes
    .filter(({ file }) => file === 'different')
    .map(({ id }) => `${id}: the received file is not the one that was sent`);
  reasons.push(...belowBound(run));
  reasons.push(...capsExceeded(run), ...wanting(run).flatMap((node) => incomplete(node, run)));
  const lostBytes = Math.abs(run.sentBytes - run.receivedBytes) - droppedBytes(run);
  const lost = lostBytes / Math.max(run.receivedBytes, 1);
  if (countsAll(run) && lost > THRESHOLDS.conservation) {
    reasons.push(`bytes sent and received differ by ${percent(lost)}`);
  }
  return reasons;
}

/** A client that takes a run of pieces over from a slower hub drops what that one has under way. */
const droppedBytes = ({ setting, architecture }: Folded): number =>
  architecture === 'server' && setting.front === 'mirrors'
    ? (setting.hubs - 1) * setting.receivers * SOCKET_BYTES
    : 0;

/** Reasons why a node that says it has the file cannot have it. */
function incomplete(node: RunNode, { setting }: Folded): string[] {
  if (node.completedMs === null) return [];
  const reasons: string[] = [];
  if (node.file === 'absent') reasons.push(`${node.id}: completed, but its file is not there`);
  // A killed life loses its last count.
  const least = setting.fileBytes * (1 - THRESHOLDS.conservation);
  if (node.lives === 1 && node.receivedBytes < least) {
    reasons.push(`${node.id}: completed, but counted only ${node.receivedBytes} bytes received`);
  }
  return reasons;
}

/** A killed node takes its last count with it, a cut link its bytes; attackers count for themselves. */
const countsAll = (run: Folded): boolean =>
  run.faults.length === 0 &&
  run.setting.attackers === 0 &&
  wanting(run).every(({ completedMs }) => completedMs !== null);

/** Processes that ended outside the script. A node that a fault strands may give up. */
function accidents(run: Folded): string[] {
  return run.nodes.filter(isOurs).flatMap((node) => {
    const { id, exit, completedMs, lastWords } = node;
    if (!exit || exit.code === 0) return [];
    const stranded = run.faults.length > 0 && wanting(run).includes(node) && completedMs === null;
    if (stranded) return [];
    const how = exit.signal ?? `exit code ${exit.code}`;
    return [`${id} ended unasked (${how})${lastWords ? `: ${lastWords}` : ''}`];
  });
}

/** A step whose moment never came changes nothing if all remaining nodes were done before. */
const unmet = (run: Folded): string[] =>
  run.metrics.stayersReach === 1
    ? []
    : run.unmetFaults.map((text) => `the moment never came for a step of the script: ${text}`);

function disturbances(run: Folded): string[] {
  const reasons: string[] = [];
  const lag = Math.max(...run.nodes.map(({ loopLagMs }) => loopLagMs ?? 0));
  const allowedLag = isKill(run) ? THRESHOLDS.stallLagMs : THRESHOLDS.loopLagMs;
  // Without links to hold, a loop is busy because there is work.
  if (run.setting.link !== 'none' && lag > allowedLag) {
    reasons.push(`an event loop was late by ${lag.toFixed(0)} ms`);
  }
  const { foreignCpuShare } = run;
  if (!isKill(run) && foreignCpuShare !== null && foreignCpuShare > THRESHOLDS.foreignCpu) {
    reasons.push(`other programs used ${percent(foreignCpuShare)} of the CPU`);
  }
  return reasons;
}

/** Whether load is the only thing against the run. */
export const isMerelyDisturbed = (run: Folded): boolean =>
  run.architecture === 'rival'
    ? belowBound(run).length === 0
    : [contradictions, accidents, unmet].every((look) => look(run).length === 0);

/**
 * A rival that dies, hangs or delivers other bytes has not completed, and that is its figure. One
 * that is faster than its links does not hold them, and nothing may be held against it.
 */
function judgeRival(run: Folded): Verdict {
  const failed = [...run.unmetFaults, ...failures(run)];
  const unknown = [...belowBound(run), ...disturbances(run)];
  const unharmed = (run.metrics.efficiency ?? 0) >= THRESHOLDS.unharmedEfficiency;
  const isUnknown = belowBound(run).length > 0 || (unknown.length > 0 && !unharmed);
  return { state: isUnknown ? 'unknown' : 'valid', reasons: [...failed, ...unknown] };
}

/** Why receivers of a rival did not complete. */
const failures = (run: Folded): string[] =>
  wanting(run).flatMap(({ id, file, completedMs, exit, lastWords }) => {
    if (completedMs !== null) return [];
    const words = lastWords ? `: ${lastWords}` : '';
    if (file === 'different') return [`${id} received other bytes than were sent`];
    if (exit)
      return [`${id} ended without the file (${exit.signal ?? `exit code ${exit.code}`})${words}`];
    return [`${id} did not complete${words}`];
  });

export function judgeRun(run: Folded): Verdict {
  if (run.architecture === 'rival') return judgeRival(run);
  const invalid = contradictions(run);
  const unknown = [...accidents(run), ...unmet(run)];
  const load = disturbances(run);
  const unharmed =
    (run.metrics.efficiency ?? 0) >= THRESHOLDS.unharmedEfficiency ||
    (isKill(run) && allComplete(run));
  const reasons = [...invalid, ...unknown, ...load];
  if (invalid.length > 0) return { state: 'invalid', reasons };
  if (unknown.length > 0 || (load.length > 0 && !unharmed)) return { state: 'unknown', reasons };
  return { state: 'valid', reasons: load.map((reason) => `${reason}; not harmed by it`) };
}

export interface Evidence {
  readonly scenarios: readonly Pick<Scenario, 'id' | 'role'>[];
  /** Runs of all scenarios, without warm-ups. */
  readonly runs: readonly Run[];
  readonly claims: readonly Claim[];
  /** Runs that were planned, sure to be wanted, and not made. */
  readonly missing: number;
}

/** Does each link, alone, give what it should? More is a broken harness, less perhaps a busy machine. */
function calibration(runs: readonly Run[]): Record<'exceeded' | 'missed', string[]> {
  const found: Record<'exceeded' | 'missed', string[]> = { exceeded: [], missed: [] };
  const alone = runs.filter((run) => isNumber(run.metrics.linkUse));
  for (const arm of new Set(alone.map((run) => run.arm))) {
    const use = median(alone.filter((run) => run.arm === arm).map((run) => run.metrics.linkUse!));
    const text = (how: string) =>
      `calibration of ${arm}: cap ${how} by ${percent(Math.abs(use - 1))}`;
    if (use > 1 + THRESHOLDS.cap) found.exceeded.push(text('exceeded'));
    else if (use < 1 - THRESHOLDS.cap) found.missed.push(text('missed'));
  }
  return found;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** Verdict on the whole comparison. A failed claim is a valid result. */
export function judge({ scenarios, runs, claims, missing }: Evidence): Verdict {
  const calibrations = scenarios.filter(({ role }) => role === 'calibration').map(({ id }) => id);
  const { exceeded, missed } = calibration(
    runs.filter(({ scenario }) => calibrations.includes(scenario)),
  );
  const invalid = runs
    .filter(({ verdict }) => verdict.state === 'invalid')
    .map(({ id, verdict }) => `${id}: ${verdict.reasons[0]}`);
  invalid.push(...exceeded);
  const unknown = [...missed];
  if (missing > 0) unknown.push(`${missing} planned runs were not made`);
  for (const { id, state } of claims) {
    if (state === 'unknown')
      unknown.push(`claim '${id}' cannot be judged: the runs that it rests on were disturbed`);
  }
  if (invalid.length > 0) return { state: 'invalid', reasons: [...invalid, ...unknown] };
  return { state: unknown.length > 0 ? 'unknown' : 'valid', reasons: unknown };
}
