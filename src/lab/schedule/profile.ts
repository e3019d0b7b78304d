// Which experiments a comparison makes: the whole catalogue, or what was chosen by name
// (quick.ts has the quick ones); and what the command line fixes for all of them.
import { HubswarmError } from '../../runtime/errors.ts';
import { CATALOGUE } from '../catalogue/catalogue.ts';
import { sweepPoints } from '../terms/planned-run.ts';
import type { ClaimRule, Scenario } from '../terms/scenario.ts';
import { DEFAULTS, type LinkKind, type Setting, type SettingKey } from '../terms/setting.ts';

export interface Profile {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** What scenarios leave open. */
  readonly base: Setting;
  /** Time for measuring: optional repetitions that would not end within it are dropped. */
  readonly budgetMs: number;
}

export interface Narrowing {
  /** Ids of those that stay. */
  readonly arms?: readonly string[];
  readonly setting?: Scenario['setting'];
  /** Replaces the scenario's own. */
  readonly sweep?: Scenario['sweep'];
  readonly repetitions?: Scenario['repetitions'];
}

/** Less of a scenario; claims about an arm that is gone go with it. */
export function narrow(scenario: Scenario, to: Narrowing): Scenario {
  const arms = scenario.arms.filter(({ id }) => to.arms?.includes(id) ?? true);
  const isThere = (id: string | undefined): boolean =>
    id === undefined || id === '*' || arms.some((arm) => arm.id === id);
  return {
    ...scenario,
    arms,
    setting: { ...scenario.setting, ...to.setting },
    sweep: to.sweep ?? scenario.sweep,
    claims: scenario.claims.filter(({ arm, against }) => isThere(arm) && isThere(against)),
    repetitions: to.repetitions ?? scenario.repetitions,
  };
}

/** @throws HubswarmError ERR_USAGE, with the names that are known */
export function findScenario(id: string): Scenario {
  const found = CATALOGUE.find((scenario) => scenario.id === id);
  if (found) return found;
  const known = CATALOGUE.map((scenario) => scenario.id).join(', ');
  throw new HubswarmError(
    'ERR_USAGE',
    `--scenario: '${id}' is not known; give ${known}, or a file (as in ./mine.json)`,
  );
}

/** Leaves 6 of 40 min for what comes after measuring. */
const FULL_BUDGET_MS = 34 * 60_000;

export const FULL: Profile = {
  name: 'full',
  scenarios: CATALOGUE,
  base: DEFAULTS,
  budgetMs: FULL_BUDGET_MS,
};

/** Scenarios at full size, as they were asked for by name or file. */
export const chosenProfile = (scenarios: readonly Scenario[]): Profile => ({
  ...FULL,
  name: 'chosen',
  scenarios,
});

export type Kill = NonNullable<Setting['kill']>;

/** What the command line fixes; undefined: left as it is. */
export interface Overrides {
  readonly link?: LinkKind | undefined;
  /** Of the kernel's links. */
  readonly offloads?: boolean | undefined;
  /** Also of a file that is given. */
  readonly fileBytes?: number | undefined;
  readonly receivers?: readonly number[] | undefined;
  /** Empty: no scenario that is about it. */
  readonly kills?: readonly Kill[] | undefined;
  readonly uplinkBytesPerSecond?: number | undefined;
  readonly downlinkBytesPerSecond?: number | undefined;
  readonly repetitions?: number | undefined;
}

export interface Overridden extends Profile {
  /** What was left out, and why, for a person. */
  readonly notes: readonly string[];
}

/** @throws HubswarmError ERR_USAGE when nothing is left, or a kill would come too late */
export function override(profile: Profile, given: Overrides): Overridden {
  const notes: string[] = [];
  const steps = [unlink, fixSize, fixUplink, fixDownlink, fixReceivers, fixKills, fixRepetitions];
  const scenarios = profile.scenarios.flatMap((scenario) => {
    let kept = scenario;
    for (const step of steps) {
      const next = step(kept, given, profile.base);
      if (typeof next === 'string') {
        notes.push(`scenario '${scenario.id}' is left out: ${next}`);
        return [];
      }
      kept = next;
    }
    return [kept];
  });
  if (scenarios.length === 0) {
    throw new HubswarmError('ERR_USAGE', `nothing is left to measure: ${notes.join('; ')}`);
  }
  return {
    name: profile.name,
    scenarios,
    notes,
    base: baseOf(profile, given),
    // A person who asks for a number of repetitions has the time for them.
    budgetMs: given.repetitions ? Number.POSITIVE_INFINITY : profile.budgetMs,
  };
}

function baseOf({ base }: Profile, given: Overrides): Setting {
  const uplinkBytesPerSecond = given.uplinkBytesPerSecond ?? base.uplinkBytesPerSecond;
  const downlink = given.downlinkBytesPerSecond;
  return {
    ...base,
    uplinkBytesPerSecond,
    link: given.link ?? base.link,
    offloads: given.offloads ?? base.offloads,
    fileBytes: given.fileBytes ?? base.fileBytes,
    downlinkFactor: downlink ? downlink / uplinkBytesPerSecond : base.downlinkFactor,
  };
}

/** A scenario with what was given applied, or why it cannot be. */
type Step = (scenario: Scenario, given: Overrides, base: Setting) => Scenario | string;

/** Figures that mean something of links without a rate. */
const WITHOUT_LINKS: readonly ClaimRule['metric'][] = [
  'reach',
  'stayersReach',
  'badFiles',
  'refusedPieces',
  'duplicateShare',
  'cpuSecondsPerGib',
  'cpuStartMs',
  'rssPeakBytes',
];

/** A scenario that sets one of these needs rate-limited links. */
const TIMED: readonly SettingKey[] = [
  'kill',
  'faults',
  'lifetimeShare',
  'uplinkFactors',
  'originUplinkFactor',
  'sharedUplink',
];

const unlink: Step = (scenario, { link, kills }) => {
  const own = scenario.setting.link ?? scenario.arms.every((arm) => arm.with.link);
  if (link !== 'none' || own) return scenario;
  const settings = [scenario.setting, scenario.sweep, ...scenario.arms.map((arm) => arm.with)];
  const isTimed = settings.some(
    (some) =>
      TIMED.some((key) => some[key] !== undefined && !(key === 'kill' && kills)) ||
      typeof some.arrivals === 'object',
  );
  if (isTimed || scenario.metrics.includes('linkUse')) return 'it needs links with a rate';
  const claims = scenario.claims.filter(({ metric }) => WITHOUT_LINKS.includes(metric));
  return { ...scenario, claims };
};

/** One value for all of its runs, whatever the scenario says. */
const fix = <K extends SettingKey>(scenario: Scenario, key: K, value: Setting[K]): Scenario => ({
  ...scenario,
  setting: { ...scenario.setting, [key]: value },
  arms: scenario.arms.map((arm) => {
    const { [key]: _, ...rest } = arm.with;
    return { ...arm, with: rest };
  }),
});

const fixSize: Step = (scenario, { fileBytes }) => {
  if (fileBytes === undefined) return scenario;
  if (scenario.sweep.fileBytes) return 'it is about files of several sizes';
  return fix(scenario, 'fileBytes', fileBytes);
};

const fixUplink: Step = (scenario, { uplinkBytesPerSecond }) => {
  if (uplinkBytesPerSecond === undefined) return scenario;
  if (scenario.sweep.uplinkBytesPerSecond) return 'it is about several uplinks';
  return fix(scenario, 'uplinkBytesPerSecond', uplinkBytesPerSecond);
};

const fixDownlink: Step = (scenario, { downlinkBytesPerSecond }, base) => {
  if (downlinkBytesPerSecond === undefined) return scenario;
  if (scenario.sweep.downlinkFactor) return 'it is about several downlinks';
  const uplink = scenario.setting.uplinkBytesPerSecond ?? base.uplinkBytesPerSecond;
  return fix(scenario, 'downlinkFactor', downlinkBytesPerSecond / uplink);
};

const ascending = (values: readonly number[]): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

const fixReceivers: Step = (scenario, { receivers }, base) => {
  if (receivers === undefined) return scenario;
  if (scenario.sweep.receivers) {
    // Whether links are held is seen on one alone, whatever else is asked.
    if (scenario.metrics.includes('linkUse')) {
      const most = Math.max(...receivers);
      const fewer = scenario.sweep.receivers.filter((count) => count === 1 || count <= most);
      return { ...scenario, sweep: { ...scenario.sweep, receivers: fewer } };
    }
    return { ...scenario, sweep: { ...scenario.sweep, receivers: ascending(receivers) } };
  }
  const own = scenario.setting.receivers ?? base.receivers;
  return fix(scenario, 'receivers', Math.min(own, Math.max(...receivers)));
};

/** A server that has sent a copy to everybody has nothing left to be killed for. */
const fixKills: Step = (scenario, { kills }, base) => {
  if (scenario.sweep.kill === undefined) return scenario;
  if (kills?.length === 0) return 'no kills were asked for';
  const receivers = scenario.setting.receivers ?? base.receivers;
  const isLate = (kill: Setting['kill']): boolean => typeof kill === 'number' && kill >= receivers;
  const late = kills?.find(isLate);
  if (late !== undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      `--kills: ${late} is not accepted; with ${receivers} receivers give copies below ${receivers}, or first-copy`,
    );
  }
  const left = (kills ? [...new Set(kills)] : scenario.sweep.kill).filter((kill) => !isLate(kill));
  if (left.length === 0) return `with ${receivers} receivers every kill would come too late`;
  return { ...scenario, sweep: { ...scenario.sweep, kill: left } };
};

const fixRepetitions: Step = (scenario, { repetitions }) =>
  repetitions === undefined
    ? scenario
    : { ...scenario, repetitions: { least: repetitions, most: repetitions } };

/** The catalogue for a person who chooses from it. */
export function describeScenario(scenario: Scenario): string {
  const { id, question, arms, claims, repetitions } = scenario;
  const swept = Object.entries(scenario.sweep).map(
    ([key, values]) => `${key} ${(values ?? []).map((value) => JSON.stringify(value)).join(', ')}`,
  );
  const { least, most } = repetitions;
  return [
    `${id}: ${question}`,
    `  arms    ${arms.map((arm) => `${arm.id} (${arm.text})`).join(', ')}`,
    `  points  ${sweepPoints(scenario).length}${swept.length > 0 ? `: ${swept.join('; ')}` : ''}`,
    `  runs    ${least === most ? least : `${least} to ${most}`} of each`,
    ...claims.map((claim) => `  claim   ${claim.id}: ${claim.text}`),
  ].join('\n');
}
