// The choice that a quick comparison made for its machine, and the CPU it used in fact.

import { percentText } from '../../terms/amount-text.ts';
import type { Result } from '../../terms/result.ts';
import { runsOf, scenarioFor } from '../data/lookup.ts';

/** Undefined where nothing was chosen. */
export function choiceText(result: Result): string | undefined {
  if (!result.choice) return undefined;
  const share = usedShare(result);
  const used = share === undefined ? '' : `; in fact ${percentText(share)} were used`;
  return `${result.choice.text}${used}`;
}

/** Share of the free CPU that the largest swarm used while it transferred. */
function usedShare(result: Result): number | undefined {
  const { choice } = result;
  const scaling = scenarioFor(result, 'scaling');
  const runs = scaling ? runsOf(result, scaling) : [];
  const swarms = runs.filter(({ architecture }) => architecture === 'swarm');
  const most = Math.max(...swarms.map(({ setting }) => setting.receivers));
  const largest = swarms.find(({ setting }) => setting.receivers === most);
  if (!largest || !choice) return undefined;
  const cpuMs = largest.nodes.reduce((sum, { cpuTransferMs }) => sum + (cpuTransferMs ?? 0), 0);
  return cpuMs / (largest.endedMs * choice.cores.free);
}
