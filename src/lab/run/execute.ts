// Makes one run happen: the stage, the script, the end. Fresh processes, identities and
// directories each time; nothing is left behind. Reports what it saw (trace.ts) and judges
// nothing.
import { setMaxListeners } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, hasCode } from '../../runtime/errors.ts';
import type { Network } from '../network/network.ts';
import type { PlannedRun } from '../terms/planned-run.ts';
import type { Rates } from '../terms/setting.ts';
import { type Life, type NodeTrace, receives, type Trace } from '../terms/trace.ts';
import { foreignShare, machineCpu } from './cpu.ts';
import { hashFile } from './file.ts';
import { OwnStage } from './own-stage.ts';
import type { Participant } from './participant.ts';
import { RivalStage } from './rival-stage.ts';
import { scriptOf } from './script.ts';
import type { RunFile, Stage, StageInit } from './stage.ts';
import { type Seen, watchRun } from './watch.ts';

/** Time for a client that has its last byte to write its last line. */
const LEAVE_MS = 2000;

export interface Setup {
  readonly cliPath: string;
  /** The file of that many bytes. */
  readonly fileOf: (bytes: number) => Promise<RunFile>;
  /** Each run makes its own directory inside. */
  readonly workDir: string;
  /** Network for runs with kernel links: at least one host for each process. */
  readonly network: Network | undefined;
}

export type Execute = (plan: PlannedRun, signal: AbortSignal) => Promise<Trace>;

const wallClock = (): number => performance.timeOrigin + performance.now();

export function createExecutor({ cliPath, fileOf, workDir, network }: Setup): Execute {
  return async (plan, signal) => {
    const dir = join(workDir, plan.id.replaceAll('/', '-'));
    const file = await fileOf(plan.setting.fileBytes);
    await mkdir(dir);
    // Each process that boots listens to the signal until it is ready.
    setMaxListeners(0, signal);
    const init: StageInit = { cliPath, plan, file, dir, network, signal };
    const stage = plan.rival ? new RivalStage(init) : new OwnStage(init);
    try {
      return await run(stage, plan, file, signal);
    } finally {
      await stage.clear();
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    }
  };
}

async function run(
  stage: Stage,
  plan: PlannedRun,
  { sha256, fileName }: RunFile,
  signal: AbortSignal,
): Promise<Trace> {
  const lack = await opened(stage, plan);
  const { participants, network } = stage;
  const before = look(stage);
  for (const each of participants) each.readCpuAtGo();
  const steps = scriptOf(plan);
  const seen: Seen =
    lack === undefined
      ? await watchRun({
          plan,
          steps,
          participants,
          network,
          signal,
          hostOf: (each) => stage.hostOf(each),
        })
      : { goAt: wallClock(), faults: [], unmetFaults: [lack] };
  const endedAt = wallClock();
  for (const each of participants) each.readCpuAtEnd();
  const after = look(stage);
  if (seen.faults.length > 0) repair(network);
  if (plan.architecture === 'server') await left(participants);
  await stage.clear();
  const nodes = await Promise.all(
    participants.map(
      async (each, i): Promise<NodeTrace> => ({
        id: each.id,
        role: each.member.role,
        ...shown(each.member.rates),
        lives: lived(each),
        file: receives(each.member)
          ? await checkFile(each, stage.dirOf(each), { sha256, fileName })
          : null,
        wire: passed(before.wire?.[i], after.wire?.[i]),
      }),
    ),
  );
  const usedMs = nodes.flatMap(({ lives }) => lives).reduce((sum, life) => sum + used(life), 0);
  const ownMs = usedMs + after.ownMs - before.ownMs;
  const foreignCpuShare = foreignShare(before.machine, after.machine, ownMs);
  return { plan, ...seen, endedAt, foreignCpuShare, nodes };
}

/**
 * Why a rival did not come to its go: that nobody received anything then is what it came to.
 *
 * @throws HubswarmError ERR_MEASUREMENT of a program of ours, which shows that the lab is broken
 */
async function opened(stage: Stage, { rival }: PlannedRun): Promise<string | undefined> {
  try {
    await stage.open();
    return undefined;
  } catch (error) {
    if (!rival || !hasCode(error, 'ERR_MEASUREMENT')) throw error;
    return describeError(error);
  }
}

const NEVER_STARTED: Life = {
  events: [],
  goAt: null,
  cpuAtGoMs: null,
  cpuAtEndMs: null,
  exit: null,
  lastWords: '',
};

const lived = (each: Participant): readonly Life[] =>
  each.lives().length > 0 ? each.lives() : [NEVER_STARTED];

/** What the machine and its links have come to. */
function look({ network }: Stage) {
  const { user, system } = process.cpuUsage();
  return { machine: machineCpu(), ownMs: (user + system) / 1000, wire: network?.wireBytes() };
}

/** The next run finds the network whole. */
function repair(network: Network | undefined): void {
  network?.join();
  network?.heal(network.hosts);
}

/** Waits for nodes that have their file: they end by themselves and write their last counts. */
async function left(participants: readonly Participant[]): Promise<void> {
  const leaving = participants.filter(
    (each) => receives(each.member) && !each.isAway && each.tally.completed,
  );
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, LEAVE_MS);
  await Promise.race([Promise.all(leaving.map((each) => each.process.ended())), late.promise]);
  clearTimeout(timer);
}

async function checkFile(
  receiver: Participant,
  dir: string,
  { sha256, fileName }: Pick<RunFile, 'sha256' | 'fileName'>,
): Promise<NonNullable<NodeTrace['file']>> {
  const path = completedPath(receiver, join(dir, fileName));
  // A path outside the run's directory would be another program's file.
  if (path === undefined || !path.startsWith(dir)) return 'absent';
  const found = await hashFile(path).catch(() => undefined);
  if (found === undefined) return 'absent';
  return found === sha256 ? 'same' : 'different';
}

/** @param out where a rival leaves it */
function completedPath(receiver: Participant, out: string): string | undefined {
  const lives = receiver.lives();
  if (lives.some(({ completedAt }) => completedAt != null)) return out;
  const event = lives
    .flatMap(({ events }) => events)
    .findLast((seen) => seen.event === 'transfer_completed');
  return event?.event === 'transfer_completed' ? event.path : undefined;
}

const finite = (rate: number): number | null => (Number.isFinite(rate) ? rate : null);

const shown = ({ uplinkBytesPerSecond, downlinkBytesPerSecond }: Rates) => ({
  uplinkBytesPerSecond: finite(uplinkBytesPerSecond),
  downlinkBytesPerSecond: finite(downlinkBytesPerSecond),
});

type Wire = NonNullable<NodeTrace['wire']>;

const passed = (from: Wire | undefined, to: Wire | undefined): NodeTrace['wire'] =>
  from && to
    ? {
        sentBytes: to.sentBytes - from.sentBytes,
        receivedBytes: to.receivedBytes - from.receivedBytes,
      }
    : null;

/** CPU time after the go. */
function used({ events, cpuAtGoMs, cpuAtEndMs }: Life): number {
  const last = events.findLast((seen) => seen.event === 'usage_sampled');
  const reported = last?.event === 'usage_sampled' ? last.cpuMs : 0;
  const endMs = Math.max(cpuAtEndMs ?? 0, reported);
  return Math.max(0, endMs - (cpuAtGoMs ?? endMs));
}
