// Whether a scenario, ours or of a file, speaks only of what it has: claims name arms and
// swept keys by words that its schema cannot know.
import { HubswarmError } from '../../runtime/errors.ts';
import type { ClaimRule, Condition, Scenario } from '../terms/scenario.ts';

const quoted = (names: Iterable<string>): string =>
  [...names].map((name) => `'${name}'`).join(', ') || 'none';

/** @throws HubswarmError ERR_USAGE naming what is unknown and what is accepted */
export function checkScenario(scenario: Scenario): void {
  const refuse = (problem: string): never => {
    throw new HubswarmError('ERR_USAGE', `scenario '${scenario.id}': ${problem}`);
  };
  const { arms, claims } = scenario;
  for (const [kind, ids] of [
    ['arms', arms.map(({ id }) => id)],
    ['claims', claims.map(({ id }) => id)],
  ] as const) {
    const twice = ids.find((id, i) => ids.indexOf(id) !== i);
    if (twice !== undefined) refuse(`two ${kind} have the id '${twice}'`);
  }
  const lack = lackOfRole(scenario);
  if (lack !== undefined) refuse(`role '${scenario.role}' ${lack}`);
  for (const claim of claims) {
    const problem = problemOf(claim, scenario);
    if (problem !== undefined) refuse(`claim '${claim.id}' ${problem}`);
  }
}

/** The missing metric or sweep that a role needs; undefined if it has all. */
function lackOfRole({ role, metrics, sweep }: Scenario): string | undefined {
  if (role === 'calibration' && !metrics.includes('linkUse')) return "needs the metric 'linkUse'";
  if (role === 'kill' && !sweep.kill) return "needs a sweep of 'kill'";
  return undefined;
}

function problemOf(claim: ClaimRule, { arms, sweep }: Scenario): string | undefined {
  const ids = arms.map(({ id }) => id);
  for (const arm of [claim.arm, claim.against]) {
    if (arm !== undefined && arm !== '*' && !ids.includes(arm)) {
      return `names an unknown arm '${arm}'; accepted: ${quoted(ids)}`;
    }
  }
  if (claim.against === claim.arm && claim.againstPoint === undefined) {
    return `holds arm '${claim.arm}' against itself`;
  }
  for (const [key, condition] of [
    ...Object.entries(claim.at),
    ...Object.entries(claim.againstPoint ?? {}),
  ]) {
    const values = (sweep as Record<string, readonly unknown[] | undefined>)[key];
    if (values === undefined) {
      return `names '${key}', which is not swept; swept: ${quoted(Object.keys(sweep))}`;
    }
    if (!canMeet(condition, values)) {
      const asked = JSON.stringify(condition);
      return `is about ${key} ${asked}, which the sweep does not have: ${JSON.stringify(values)}`;
    }
  }
  return undefined;
}

function canMeet(condition: Condition, values: readonly unknown[]): boolean {
  const numbers = values.filter((value) => typeof value === 'number');
  if (condition === 'most' || condition === 'least') return numbers.length > 0;
  if (typeof condition !== 'object') {
    return values.some((value) => value === condition || JSON.stringify(value) === condition);
  }
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = condition;
  return numbers.some((value) => value >= atLeast && value <= atMost);
}
