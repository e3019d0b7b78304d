// Before a quick comparison: what CPU is to be had here, what a small swarm of these very
// processes costs, and from both what is run.
import { setTimeout as delay } from 'node:timers/promises';
import { foldRun } from './analysis/fold.ts';
import type { Execute } from './run/execute.ts';
import { foreignCores, freeCores, readCpuTimes } from './run/free-cores.ts';
import { isHeld, readCapacity } from './schedule/capacity.ts';
import { choiceText } from './schedule/choice-text.ts';
import type { Profile } from './schedule/profile.ts';
import { fitQuick, quickProfile } from './schedule/quick.ts';
import { costOf, planSurvey } from './schedule/survey.ts';
import type { Choice } from './terms/result.ts';
import type { Architecture } from './terms/scenario.ts';

/** Some fifty ticks of /proc/stat. */
const LOOK_MS = 500;
const SERVER_ALONE: readonly Architecture[] = ['server'];

export interface Chosen {
  readonly profile: Profile;
  /** Null where costs cannot be measured: then the usual one. */
  readonly choice: Choice | null;
}

interface ChooseOptions {
  readonly execute: Execute;
  readonly seed: number;
  /** Where runs have their files. */
  readonly work: string;
  readonly signal: AbortSignal;
}

/** @throws HubswarmError ERR_MEASUREMENT when not even a small swarm works, or the signal's reason */
export async function chooseQuick({ execute, seed, work, signal }: ChooseOptions): Promise<Chosen> {
  const foreignBefore = await lookForOthers(signal);
  const from = readCpuTimes();
  const trace = await execute(planSurvey(seed), signal);
  const { nodes } = foldRun(trace);
  const cost = costOf(nodes);
  if (!cost) return { profile: quickProfile('pacer'), choice: null };
  const ownMs = cost.startCpuMs * nodes.length + cost.swarmCpuMs;
  const foreignAlong = foreignCores(from, readCpuTimes(), ownMs);
  // One that works for a moment, as whoever started this, is none that stays.
  const cores = freeCores(least(foreignBefore, foreignAlong));
  const there = await readCapacity(work);
  const fitted = fitQuick(cost, cores.free, (n) => isHeld(planSurvey(seed, n), there));
  const { swarm, cpuShare, seconds } = fitted;
  const arms = swarm === 'measured' ? undefined : SERVER_ALONE;
  return {
    profile: quickProfile('pacer', fitted, arms),
    choice: { text: choiceText(fitted, cores, cost), cores, cost, swarm, cpuShare, seconds },
  };
}

async function lookForOthers(signal: AbortSignal): Promise<number | null> {
  const from = readCpuTimes();
  const { user, system } = process.cpuUsage();
  // Node's own AbortError has not the reason in it.
  await delay(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  const own = process.cpuUsage({ user, system });
  return foreignCores(from, readCpuTimes(), (own.user + own.system) / 1000);
}

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
