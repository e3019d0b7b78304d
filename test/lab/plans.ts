// Planned runs for tests: what a scenario would plan, with one thing said differently.
import type { PlannedRun } from '../../src/lab/terms/planned-run.ts';
import type { Contestant } from '../../src/lab/terms/scenario.ts';
import { DEFAULTS, type Setting } from '../../src/lab/terms/setting.ts';

export const planned = (
  architecture: Contestant,
  setting: Partial<Setting> = {},
  over: Partial<Omit<PlannedRun, 'setting' | 'architecture'>> = {},
): PlannedRun => ({
  id: `test/all/${architecture}/1`,
  scenario: 'test',
  arm: architecture,
  architecture,
  point: {},
  repetition: 0,
  seed: 1,
  ...over,
  setting: { ...DEFAULTS, pieceLength: 64 * 1024, ...setting },
});
