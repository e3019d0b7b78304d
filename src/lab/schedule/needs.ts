// Needs of a scenario beyond running programs, and whether this machine meets them:
// one that cannot be run is left out with its reason, before anything starts.
import type { Scenario } from '../terms/scenario.ts';
import type { Setting } from '../terms/setting.ts';

export interface Machine {
  /** Why the kernel cannot hold links, in words; empty when it can. */
  readonly networkLacks: readonly string[];
  readonly hasBalancer: (name: 'nginx' | 'haproxy') => boolean;
}

/** All values of a setting that some run of the scenario has. */
function valuesOf<K extends keyof Setting>(
  scenario: Scenario,
  base: Setting,
  key: K,
): Setting[K][] {
  const shared = (scenario.sweep[key] as Setting[K][] | undefined) ?? [
    (scenario.setting[key] as Setting[K] | undefined) ?? base[key],
  ];
  return scenario.arms.flatMap((arm) => {
    const own = arm.with[key] as Setting[K] | undefined;
    return own === undefined ? shared : [own];
  });
}

export const needsNamespaces = (scenario: Scenario, base: Setting): boolean =>
  valuesOf(scenario, base, 'link').includes('netns');

/** Why this machine cannot run it; null when it can. */
export function lackOf(scenario: Scenario, base: Setting, machine: Machine): string | null {
  if (needsNamespaces(scenario, base) && machine.networkLacks.length > 0) {
    return `needs links of the kernel: ${machine.networkLacks.join('; ')}`;
  }
  const fronts = new Set(valuesOf(scenario, base, 'front'));
  for (const front of ['nginx', 'haproxy'] as const) {
    if (fronts.has(front) && !machine.hasBalancer(front))
      return `needs ${front}, which is not installed`;
  }
  return null;
}
