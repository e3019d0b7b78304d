// Rivals beside the two architectures: which are meant by the command line, and in which
// scenarios they take part.
import { HubswarmError } from '../../runtime/errors.ts';
import { RIVALS } from '../rivals/rivals.ts';
import { sweepPoints } from '../terms/planned-run.ts';
import { lackAt, type Rival } from '../terms/rival.ts';
import { type Arm, CONTEST, type Scenario } from '../terms/scenario.ts';
import type { Setting } from '../terms/setting.ts';

/** @throws HubswarmError ERR_USAGE, with the names that are known */
export function findRival(id: string): Rival {
  const found = RIVALS.find((rival) => rival.id === id);
  if (found) return found;
  const known = RIVALS.map((rival) => rival.id).join(', ');
  throw new HubswarmError(
    'ERR_USAGE',
    `rival '${id}' is not known; give ${known}, or a file by --rival-file`,
  );
}

export interface WithRivals {
  readonly scenarios: readonly Scenario[];
  /** Which were left out, and why, in a line; empty if all take part. */
  readonly notes: readonly string[];
}

/**
 * Leaves out arms whose rivals are not installed, and adds each of these rivals to the scenarios that hold server and swarm against each other in a way that
 * it can be run too.
 *
 * @param lackOf why it cannot be run here, undefined if it can
 */
export function addRivals(
  scenarios: readonly Scenario[],
  rivals: readonly Rival[],
  base: Setting,
  lackOf: (rival: Rival) => string | undefined,
): WithRivals {
  const why = rivals.map((rival) => {
    const lacks = scenarios.map((scenario) => lackIn(scenario, rival, base));
    if (lacks.includes(undefined)) return lackOf(rival);
    return lackOf(rival) ?? lacks.find((lack) => lack !== NO_CONTEST) ?? NO_CONTEST;
  });
  const taken = rivals.filter((_, i) => why[i] === undefined);
  const left = rivals.flatMap(({ id }, i) => (why[i] === undefined ? [] : [`${id} (${why[i]})`]));
  const missing = new Map(
    scenarios
      .flatMap(({ arms }) => arms.flatMap(({ rival }) => rival ?? []))
      .flatMap((rival) => {
        const lack = lackOf(rival);
        return lack === undefined ? [] : [[rival.id, lack] as const];
      }),
  );
  left.push(...[...missing].map(([id, lack]) => `${id} (${lack})`));
  return {
    scenarios: scenarios.map((scenario) => ({
      ...scenario,
      arms: [
        ...scenario.arms.filter(({ rival }) => !rival || !missing.has(rival.id)),
        ...taken.filter((rival) => lackIn(scenario, rival, base) === undefined).map(armOf),
      ],
    })),
    notes: left.length === 0 ? [] : [`rivals left out: ${left.join('; ')}`],
  };
}

const armOf = (rival: Rival): Arm => ({
  id: rival.id,
  architecture: 'rival',
  text: rival.text,
  rival,
  with: {},
  upTo: {},
});

const NO_CONTEST = 'no scenario holds a server and a swarm against each other';

/** What a scenario asks of links and nodes, and not of both architectures side by side. */
const APART: readonly (Scenario['role'] | null)[] = ['calibration', 'link kinds', 'kill'];

function lackIn(scenario: Scenario, rival: Rival, base: Setting): string | undefined {
  const { arms, role, sweep, setting } = scenario;
  const has = (architecture: string) => arms.some((arm) => arm.architecture === architecture);
  if (APART.includes(role) || !CONTEST.every(has)) {
    return NO_CONTEST;
  }
  if (arms.some(({ id }) => id === rival.id)) return `an arm '${rival.id}' is there already`;
  // What is about pieces, policies or TLS is about our own programs.
  const swept = Object.keys(sweep).find((key) => OWN.includes(key as keyof Setting));
  if (swept !== undefined) return `'${swept}' means nothing to it`;
  // A scenario about faults has them in some of its arms.
  return sweepPoints(scenario)
    .flatMap((at) => [{}, ...arms.map((arm) => arm.with)].map((own) => ({ ...at.with, ...own })))
    .map((varied) => lackAt(rival, { ...base, ...setting, ...varied }))
    .find((lack) => lack !== undefined);
}

/** Settings that only the program under test has. */
const OWN: readonly (keyof Setting)[] = ['pieceLength', 'tls', 'picker', 'choker'];
