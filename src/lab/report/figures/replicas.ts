// The price of more hubs: makespan beside its bound, and the uplink that they need.
import { replicasNeeded } from '../../../theory/service.ts';
import { linksOf } from '../../analysis/bound.ts';
import { rateText } from '../../terms/amount-text.ts';
import type { Run } from '../../terms/result.ts';
import { originRates, receiverRates, type Setting } from '../../terms/setting.ts';
import type { Markup } from '../drawing/html.ts';
import type { Scene } from '../drawing/scene.ts';
import { metricRowsFigure } from './metric-rows.ts';

/** Uplink of all hubs, or of a swarm's origin and receivers together; bytes per second. */
export function servingUplink(setting: Setting, architecture: Run['architecture']): number {
  const origin = originRates(setting).uplinkBytesPerSecond * setting.hubs;
  if (architecture === 'server') return origin;
  return Array.from(
    { length: setting.receivers },
    (_, index) => receiverRates(setting, index).uplinkBytesPerSecond,
  ).reduce((sum, rate) => sum + rate, origin);
}

function uplinkText({ setting, architecture }: Run): string {
  const rate = servingUplink(setting, architecture);
  return Number.isFinite(rate) ? `${rateText(rate)} up` : '';
}

/** Number of hubs with one uplink each that theory asks for. */
function neededWords({ runs }: Scene): string {
  const run = runs.find(({ architecture, boundMs }) => architecture === 'swarm' && boundMs > 0);
  if (!run) return '';
  const hubs = replicasNeeded(linksOf(run.setting, 'swarm'));
  return ` To be as fast as the swarm at best, theory asks for ${hubs} hubs with an uplink each.`;
}

export const replicasFigures = (scene: Scene): Markup[] =>
  metricRowsFigure(scene, {
    metric: 'makespanMs',
    title: 'What do more hubs buy?',
    caption: `At the right: the uplinks that serve, all together; a swarm has those of its receivers for nothing. Hubs that share one uplink and are faster than one hub would prove us wrong: what is bought is uplink.${neededWords(scene)}`,
    note: uplinkText,
  });
