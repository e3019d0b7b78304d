// From scenarios to single runs: the points of each sweep, each arm's setting at each
// point, and an id that is the same whenever the same experiment is planned again.
import { choosePieceLength } from '../../content/piece-length.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { needsNetwork } from './fault.ts';
import { lackAt, type Rival } from './rival.ts';
import type { Arm, Contestant, Scenario } from './scenario.ts';
import { MAX_NODES, type Setting, type SettingKey, settingSchema } from './setting.ts';

export type Scalar = string | number;
/** Values of the swept settings in a run, as in `{ receivers: 8, kill: 1.25 }`. */
export type Point = Readonly<Record<string, Scalar>>;

export interface PlannedRun {
  /** `kill/n8-k1.25/swarm/1`; '/' parts scenario, point, arm and repetition (from 1). */
  readonly id: string;
  readonly scenario: string;
  readonly arm: string;
  readonly architecture: Contestant;
  /** The program, if the architecture is `rival`. */
  readonly rival?: Rival | undefined;
  readonly point: Point;
  /** Counts from 0. */
  readonly repetition: number;
  /** Seed of all that the run draws by lot; the same for all arms of a pair. */
  readonly seed: number;
  readonly setting: Setting;
}

/** The part of an experiment that its runs are planned from. */
export interface Design {
  readonly scenarios: readonly Scenario[];
  readonly base: Setting;
  readonly seed: number;
}

/** A value of a sweep as a point has it: what is no plain value goes by its JSON. */
const scalar = (value: unknown): Scalar =>
  typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);

interface SweepPoint {
  readonly point: Point;
  readonly with: Partial<Setting>;
}

/** The full grid, first key slowest, each in the order given. */
export function sweepPoints({ sweep }: Scenario): SweepPoint[] {
  return Object.entries(sweep).reduce<SweepPoint[]>(
    (points, [key, values]) =>
      values === undefined
        ? points
        : points.flatMap((at) =>
            (values as readonly unknown[]).map((value) => ({
              point: { ...at.point, [key]: scalar(value) },
              with: { ...at.with, [key]: value },
            })),
          ),
    [{ point: {}, with: {} }],
  );
}

const takesPart = ({ upTo }: Arm, { point }: SweepPoint): boolean =>
  Object.entries(upTo).every(
    ([key, most]) => typeof point[key] !== 'number' || (point[key] as number) <= most,
  );

/** @throws HubswarmError ERR_USAGE of what no run can be: too many nodes, cuts without lines, a rival that is killed */
export function settingOf(scenario: Scenario, arm: Arm, at: SweepPoint, base: Setting): Setting {
  const given = { ...base, ...scenario.setting, ...at.with, ...arm.with };
  const setting = settingSchema.parse({
    ...given,
    pieceLength: given.pieceLength ?? choosePieceLength(given.fileBytes),
  });
  const cut = setting.faults.find(needsNetwork);
  if (cut && setting.link !== 'netns') {
    throw new HubswarmError(
      'ERR_USAGE',
      `scenario '${scenario.id}': '${cut.do}' is not accepted with link ${setting.link}; only netns has lines to cut`,
    );
  }
  const nodes = setting.receivers + setting.attackers + setting.hubs + 1;
  if (nodes > MAX_NODES) {
    throw new HubswarmError(
      'ERR_USAGE',
      `scenario '${scenario.id}': ${nodes} processes at once are not accepted; at most ${MAX_NODES}`,
    );
  }
  const lack = arm.rival && lackAt(arm.rival, setting);
  if (lack !== undefined) {
    throw new HubswarmError(
      'ERR_USAGE',
      `scenario '${scenario.id}': rival '${arm.id}' cannot be run: ${lack}`,
    );
  }
  return setting;
}

const SHORT: Partial<Record<SettingKey, string>> = { receivers: 'n', kill: 'k', fileBytes: 'f' };

/** `n8-k1.25`; `all` where nothing is swept. */
export function pointText(point: Point): string {
  const parts = Object.entries(point).map(
    ([key, value]) =>
      `${SHORT[key as SettingKey] ?? key}${String(value).replaceAll(/[^\w.]+/g, '-')}`,
  );
  return parts.join('-') || 'all';
}

/** One repetition of one point in all its arms: A B C, or C B A in odd ones. */
export function planPoint(
  scenario: Scenario,
  at: SweepPoint,
  repetition: number,
  base: Setting,
  seed: number,
): PlannedRun[] {
  const arms = scenario.arms.filter((arm) => takesPart(arm, at));
  const ordered = repetition % 2 === 0 ? arms : arms.toReversed();
  return ordered.map((arm) => ({
    id: [scenario.id, pointText(at.point), arm.id, repetition + 1].join('/'),
    scenario: scenario.id,
    arm: arm.id,
    architecture: arm.architecture,
    rival: arm.rival,
    point: at.point,
    repetition,
    // Spread, so that neighbouring seeds of an experiment share no run.
    seed: (seed + 0x9e3779b9 * (repetition + 1)) >>> 0,
    setting: settingOf(scenario, arm, at, base),
  }));
}
