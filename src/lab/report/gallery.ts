// Which figures a scenario has.
import type { Result, ScenarioResult } from '../result.ts';
import type { Markup } from './html.ts';

/** Those of one scenario, headline first; none for one that was skipped. */
export function figuresOf(_result: Result, _scenario: ScenarioResult): Markup[] {
  return [];
}
