// From single runs to what the figures and tables show. Every run that was made
// counts, disturbed ones too: leaving some out after looking would be choosing.
import { judgeClaims } from './claims.ts';
import { boundOf, efficiencyOf } from './fold.ts';
import type {
  Agreement,
  Calibration,
  Comparison,
  Kill,
  Result,
  Run,
  RunNode,
  Summary,
} from './result.ts';
import { ARMS, type ArmName, type LinkKind, type Parameters } from './scenario.ts';
import { agreementReceivers } from './schedule.ts';
import { pairedRatios, rangeOf } from './stats.ts';
import { judge, THRESHOLDS } from './verdict.ts';

const present = (values: readonly (number | null)[]): number[] =>
  values.filter((value) => value !== null);

const range = (values: readonly (number | null)[]) => rangeOf(present(values)) ?? null;

function perProcess(run: Run, pick: (node: RunNode) => number | null): number | null {
  const values = present(run.nodes.map(pick));
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function summarize(
  runs: readonly Run[],
  parameters: Parameters,
  arm: ArmName,
  receivers: number,
): Summary {
  const of = runs.filter(
    (run) => run.scenario === 'scaling' && run.arm === arm && run.receivers === receivers,
  );
  const makespanMs = range(of.map((run) => run.makespanMs));
  const plan = { id: '', scenario: 'scaling', repetition: 0, killCopies: null } as const;
  const bound = boundOf({ ...plan, arm, receivers, link: parameters.link }, parameters);
  const boundMs = bound.seconds * 1000;
  return {
    arm,
    receivers,
    runs: of.length,
    validRuns: of.filter(({ verdict }) => verdict.state === 'valid').length,
    makespanMs,
    boundMs,
    boundName: bound.name,
    efficiency: efficiencyOf(boundMs, makespanMs?.median ?? null),
    originCopies: range(of.map((run) => run.originCopies)),
    firstPieceMs: range(of.flatMap((run) => run.nodes.map((node) => node.firstPieceMs))),
    cpuSecondsPerGib: range(of.map((run) => run.cpuSecondsPerGib)),
    cpuStartMsPerProcess: range(of.map((run) => perProcess(run, (node) => node.cpuStartMs))),
    rssPeakBytes: range(of.flatMap((run) => run.nodes.map((node) => node.rssPeakBytes))),
    duplicateShare: range(of.map((run) => run.duplicateShare)),
  };
}

function compare(runs: readonly Run[], receivers: number): Comparison {
  const of = (arm: ArmName): Run[] =>
    runs
      .filter((run) => run.scenario === 'scaling' && run.arm === arm && run.receivers === receivers)
      .sort((a, b) => a.repetition - b.repetition);
  const swarm = new Map(of('swarm').map((run) => [run.repetition, run.makespanMs]));
  const pairs = of('server').flatMap(({ repetition, makespanMs }) => {
    const other = swarm.get(repetition) ?? null;
    return makespanMs !== null && other !== null ? [[makespanMs, other] as const] : [];
  });
  const speedup = pairedRatios(
    pairs.map(([server]) => server),
    pairs.map(([, peer]) => peer),
  );
  return { receivers, pairs: pairs.length, speedup: speedup ?? null };
}

function kill(runs: readonly Run[], arm: ArmName, killCopies: number, receivers: number): Kill {
  const of = runs.filter((run) => run.arm === arm && run.killCopies === killCopies);
  const killed = of.filter(({ fault }) => fault !== null).length;
  const completed = of.map((run) => run.completed);
  return { arm, killCopies, receivers, runs: of.length, killed, completed };
}

/** The rate from the first verified piece to the last: without connecting and discovering. */
export function rateOf({ progress }: Pick<RunNode, 'progress'>): number | null {
  const first = progress[0];
  const last = progress.at(-1);
  if (!first || !last || last[0] <= first[0]) return null;
  return ((last[1] - first[1]) / (last[0] - first[0])) * 1000;
}

function calibrate(runs: readonly Run[], arm: ArmName, cap: number): Calibration {
  const rates = present(
    runs
      .filter((run) => run.scenario === 'calibration' && run.arm === arm)
      .flatMap((run) => run.nodes.filter(({ role }) => role === 'receiver').map(rateOf)),
  );
  const achieved = rangeOf(rates)?.median ?? null;
  return {
    arm,
    capBytesPerSecond: cap,
    achievedBytesPerSecond: achieved,
    ratio: achieved === null ? null : achieved / cap,
  };
}

function agree(runs: readonly Run[], arm: ArmName, receivers: number): Agreement {
  const held = (link: LinkKind) =>
    range(
      runs
        .filter((run) => run.scenario === 'agreement' && run.arm === arm && run.link === link)
        .map((run) => run.makespanMs),
    );
  const pacerMs = held('pacer');
  const netnsMs = held('netns');
  const ratio = pacerMs && netnsMs ? netnsMs.median / pacerMs.median : null;
  return { arm, receivers, pacerMs, netnsMs, ratio };
}

function warningsOf(runs: readonly Run[], environmentShare: number | null): string[] {
  const warnings = runs
    .filter(({ scenario, verdict }) => scenario !== 'warm-up' && verdict.reasons.length > 0)
    .map(({ id, verdict }) => `${id} is ${verdict.state}: ${verdict.reasons.join('; ')}`);
  if (environmentShare === null) {
    warnings.push('the load by other programs could not be measured on this system');
  } else if (environmentShare > THRESHOLDS.foreignCpu) {
    warnings.push(
      `other programs kept ${(environmentShare * 100).toFixed(0)} % of the CPU busy before the first run`,
    );
  }
  return warnings;
}

export type Header = Pick<
  Result,
  | 'schema'
  | 'tool'
  | 'profile'
  | 'command'
  | 'seed'
  | 'startedAt'
  | 'wallSeconds'
  | 'environment'
  | 'parameters'
>;

/** @param missing runs that were planned and sure to be wanted, but not made. */
export function conclude(header: Header, runs: readonly Run[], missing: number): Result {
  const { parameters } = header;
  const claims = judgeClaims(runs, parameters);
  const { link, uplinkBytesPerSecond: cap } = parameters;
  const calibration = cap === null ? [] : ARMS.map((arm) => calibrate(runs, arm, cap));
  return {
    ...header,
    verdict: judge({ runs, claims, calibration, missing }),
    claims,
    calibration,
    agreements:
      link === 'netns' ? ARMS.map((arm) => agree(runs, arm, agreementReceivers(parameters))) : [],
    summaries: parameters.receivers.flatMap((receivers) =>
      ARMS.map((arm) => summarize(runs, parameters, arm, receivers)),
    ),
    comparisons: parameters.receivers.map((receivers) => compare(runs, receivers)),
    kills:
      parameters.killRepetitions === 0
        ? []
        : parameters.killCopies.flatMap((copies) =>
            ARMS.map((arm) => kill(runs, arm, copies, parameters.killReceivers)),
          ),
    warnings: warningsOf(runs, header.environment.foreignCpuShareBefore),
    runs: [...runs],
  };
}
