// A claim's threshold and what was measured, in the unit of its metric: a share of another
// arm's figure as a multiple, all others as they stand in tables.
import type { Claim, Result } from '../../terms/result.ts';
import type { ClaimRule } from '../../terms/scenario.ts';
import { metricText } from './metric-text.ts';

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

/** The rule that the claim was written as; undefined in a result put together by hand. */
function ruleOf({ scenarios }: Result, { scenario, id }: Claim): ClaimRule | undefined {
  return scenarios
    .find((result) => result.scenario.id === scenario)
    ?.scenario.claims.find((rule) => rule.id === id);
}

function figure(rule: ClaimRule | undefined, value: number): string {
  if (!rule) return value.toFixed(2);
  if (rule.comparison === 'within') return percent(value);
  if (rule.against !== undefined || rule.againstPoint) return `${value.toFixed(2)}x`;
  return metricText(rule.metric, value);
}

/** `at least 3x`, `at most 1.5 copies`, `100 % +- 5 %` */
export function thresholdText(result: Result, claim: Claim): string {
  if (claim.comparison === 'within') return `100 % \u00B1 ${percent(claim.threshold)}`;
  // Printed as it was written, without added decimals.
  const rule = ruleOf(result, claim);
  const isRatio = rule?.against !== undefined || rule?.againstPoint !== undefined;
  if (isRatio) return `${claim.comparison} ${claim.threshold}x`;
  return `${claim.comparison} ${figure(rule, claim.threshold)}`;
}

export function measuredText(result: Result, claim: Claim): string {
  if (claim.value !== null) return figure(ruleOf(result, claim), claim.value);
  return claim.state === 'unknown' ? 'not measured' : 'never';
}

const ORDER: Readonly<Record<Claim['state'], number>> = { fails: 0, unknown: 1, holds: 2 };

/** Failed claims first: a reader must not miss them. */
export const failsFirst = (claims: readonly Claim[]): Claim[] =>
  claims.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);

/** `27 of 30 claims hold, 2 fail, 1 unknown` */
export function countText(claims: readonly Claim[]): string {
  const count = (state: Claim['state']): number =>
    claims.filter((claim) => claim.state === state).length;
  const [fails, unknown] = [count('fails'), count('unknown')];
  return [
    `${count('holds')} of ${claims.length} claims hold`,
    ...(fails > 0 ? [`${fails} ${fails === 1 ? 'fails' : 'fail'}`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ].join(', ');
}
