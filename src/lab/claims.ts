// What the comparison is said to show, as data, written down before it is run:
// each claim has a threshold and can fail. A claim about something that was not
// asked for (a kill at 1.25 copies, 8 receivers) does not apply and is left out.
import type { Claim, Run } from './result.ts';
import {
  ARMS,
  type ArmName,
  type LinkKind,
  type Parameters,
  type ScenarioName,
} from './scenario.ts';
import { median, pairedRatios } from './stats.ts';

interface ClaimRule {
  readonly id: string;
  readonly text: (parameters: Parameters) => string;
  readonly comparison: Claim['comparison'];
  readonly threshold: number;
  readonly applies: (parameters: Parameters) => boolean;
  /** The runs it rests on. */
  readonly basis: (run: Run, parameters: Parameters) => boolean;
  /**
   * Runs that a busy machine could bend in favour of the claim. It only ever makes
   * transfers longer, so a claim that holds although the others were disturbed, holds.
   */
  readonly helpedByLoad: (run: Run) => boolean;
  /** Null: not even once. */
  readonly measure: (basis: readonly Run[]) => number | null;
}

/** From here on a swarm must win clearly: theory gives N / (1 + log2(N) / M). */
const MANY = 8;
/** One copy is what theory asks for; a quarter is left for what was on its way. */
const SURVIVABLE_COPIES = 1.25;

const most = (parameters: Parameters): number => Math.max(...parameters.receivers);
/** Theory has a word on what links limit; without caps it is the machine. */
const isShaped = ({ link }: Parameters): boolean => link !== 'none';
const isOf = (run: Run, scenario: ScenarioName, arm: ArmName): boolean =>
  run.scenario === scenario && run.arm === arm;
const survivable = ({ killCopies }: Parameters): number[] =>
  killCopies.filter((copies) => copies >= SURVIVABLE_COPIES);
/** Equal shares of a server: nobody has everything before all have most of it. */
const strands = (copies: number, { killReceivers }: Parameters): boolean =>
  copies >= SURVIVABLE_COPIES && copies <= killReceivers / 2;

/** Never finishing counts as infinitely slow. */
const makespans = (runs: readonly Run[], arm: ArmName): number[] =>
  runs.filter((run) => run.arm === arm).map((run) => run.makespanMs ?? Number.POSITIVE_INFINITY);

const CLAIMS: readonly ClaimRule[] = [
  {
    id: 'swarm-faster',
    text: (parameters) =>
      `With ${most(parameters)} receivers the swarm finishes at least 3 times sooner than the server, at equal uplinks`,
    comparison: 'at least',
    threshold: 3,
    applies: (parameters) => isShaped(parameters) && most(parameters) >= MANY,
    basis: (run, parameters) => run.scenario === 'scaling' && run.receivers === most(parameters),
    helpedByLoad: ({ arm }) => arm === 'server',
    measure: (runs) =>
      pairedRatios(makespans(runs, 'server'), makespans(runs, 'swarm'))?.median ?? null,
  },
  {
    id: 'swarm-survives',
    text: () =>
      `Every peer completes although the origin is killed after ${SURVIVABLE_COPIES} copies or more (or is done before it has sent so much)`,
    comparison: 'at least',
    threshold: 1,
    applies: (parameters) => parameters.killRepetitions > 0 && survivable(parameters).length > 0,
    basis: (run) => isOf(run, 'kill', 'swarm') && run.killCopies! >= SURVIVABLE_COPIES,
    helpedByLoad: () => false,
    measure: (runs) => Math.min(...runs.map((run) => run.completed / run.receivers)),
  },
  {
    id: 'server-strands',
    text: () => 'No client completes when the server is killed at the same points',
    comparison: 'at most',
    threshold: 0,
    applies: (parameters) =>
      parameters.killRepetitions > 0 &&
      parameters.killCopies.some((copies) => strands(copies, parameters)),
    basis: (run, parameters) => isOf(run, 'kill', 'server') && strands(run.killCopies!, parameters),
    helpedByLoad: ({ arm }) => arm === 'server',
    measure: (runs) => Math.max(...runs.map((run) => run.completed / run.receivers)),
  },
  {
    id: 'server-at-bound',
    text: () => 'The server is a fair opponent: at least 0.9 of its theoretical best at every N',
    comparison: 'at least',
    threshold: 0.9,
    applies: isShaped,
    basis: (run) => isOf(run, 'scaling', 'server'),
    helpedByLoad: () => false,
    measure: (runs) => {
      const counts = [...new Set(runs.map(({ receivers }) => receivers))];
      return Math.min(
        ...counts.map((count) =>
          median(runs.filter((run) => run.receivers === count).map((run) => run.efficiency ?? 0)),
        ),
      );
    },
  },
  {
    id: 'origin-relieved',
    text: (parameters) =>
      `With ${most(parameters)} receivers the origin of the swarm sends at most 2 copies`,
    comparison: 'at most',
    threshold: 2,
    applies: (parameters) => isShaped(parameters) && most(parameters) >= MANY,
    basis: (run, parameters) => isOf(run, 'scaling', 'swarm') && run.receivers === most(parameters),
    helpedByLoad: () => false,
    measure: (runs) => median(runs.map((run) => run.originCopies)),
  },
  {
    id: 'links-agree',
    text: () =>
      'Links held by the kernel and links held by the programs give the same makespans, apart from 10 %',
    comparison: 'at most',
    threshold: 0.1,
    applies: ({ link }) => link === 'netns',
    basis: (run) => run.scenario === 'agreement',
    // What disturbs both alike makes them look more alike.
    helpedByLoad: () => true,
    measure: (runs) => Math.max(...ARMS.map((arm) => disagreement(runs, arm))),
  },
];

/** Runs that answer the same question; a claim needs a valid one of each group. */
const groupOf = ({ arm, link, receivers, killCopies }: Run): string =>
  `${arm} ${link} ${receivers} ${killCopies}`;

function isSound(runs: readonly Run[]): boolean {
  const valid = new Set(runs.filter(({ verdict }) => verdict.state === 'valid').map(groupOf));
  return runs.every((run) => valid.has(groupOf(run)));
}

function judgeClaim(rule: ClaimRule, runs: readonly Run[], parameters: Parameters): Claim {
  const basis = runs.filter((run) => rule.basis(run, parameters));
  const value = basis.length > 0 ? rule.measure(basis) : null;
  const holds =
    value !== null &&
    (rule.comparison === 'at least' ? value >= rule.threshold : value <= rule.threshold);
  const known =
    value !== null &&
    !Number.isNaN(value) &&
    isSound(holds ? basis.filter(rule.helpedByLoad) : basis);
  return {
    id: rule.id,
    text: rule.text(parameters),
    comparison: rule.comparison,
    threshold: rule.threshold,
    // JSON has no infinity: never finishing has no figure.
    value: value !== null && Number.isFinite(value) ? value : null,
    state: !known ? 'unknown' : holds ? 'holds' : 'fails',
  };
}

/** How far apart the medians are; infinitely, when one is of no completed run. */
function disagreement(runs: readonly Run[], arm: ArmName): number {
  const held = (link: LinkKind): number =>
    median(
      runs
        .filter((run) => run.arm === arm && run.link === link)
        .map(({ makespanMs }) => makespanMs ?? Number.POSITIVE_INFINITY),
    );
  return Math.abs(held('netns') / held('pacer') - 1);
}

export function judgeClaims(runs: readonly Run[], parameters: Parameters): Claim[] {
  return CLAIMS.filter((rule) => rule.applies(parameters)).map((rule) =>
    judgeClaim(rule, runs, parameters),
  );
}
