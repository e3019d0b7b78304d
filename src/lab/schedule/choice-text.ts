// The choice of a quick comparison and its reason, in one sentence.
import type { FreeCores } from '../run/free-cores.ts';
import { mibText, rateText, secondsText } from '../terms/amount-text.ts';
import type { Cost } from './machine.ts';
import type { Fitted } from './quick.ts';

const coresText = (cores: number): string => cores.toFixed(1);

/** `1.2 cores to be had (of 2: a quota of 1.2, others use 0.3)` */
function freeText({ present, affinity, quota, foreign, free }: FreeCores): string {
  const why = [
    ...(affinity < present ? [`affinity leaves ${affinity}`] : []),
    ...(quota !== null && quota < affinity ? [`a quota leaves ${coresText(quota)}`] : []),
    ...(foreign !== null && foreign >= 0.05 ? [`others use ${coresText(foreign)}`] : []),
  ];
  const of = why.length > 0 ? ` (of ${present}: ${why.join(', ')})` : '';
  return `${coresText(free)} cores are to be had${of}`;
}

const costText = ({ startCpuMs, swarmCpuMs }: Cost): string =>
  `a peer takes ${secondsText(startCpuMs)} CPU-s to start and a swarm of 4 another ${secondsText(swarmCpuMs)}`;

export function choiceText(fitted: Fitted, cores: FreeCores, cost: Cost): string {
  const { receivers, fileBytes, uplinkBytesPerSecond, cpuShare, seconds, swarm } = fitted;
  const why = `${freeText(cores)}, ${costText(cost)}`;
  const file = `${mibText(fileBytes)} at ${rateText(uplinkBytesPerSecond)} (${secondsText((fileBytes / uplinkBytesPerSecond) * 1000)} s a copy)`;
  const about = `about ${Math.round(seconds / 5) * 5} s in all`;
  return swarm === 'measured'
    ? `N = ${receivers.join(', ')} with ${file}, since ${why}: the largest swarm then uses ${(cpuShare * 100).toFixed(0)} % of them; ${about}`
    : `the server alone is measured, N = ${receivers.join(', ')} with ${file}, and the swarm simulated beside its bounds, since ${why}: too little for a swarm of processes; ${about}`;
}
