// Makes one run happen: an origin, then all receivers held, one go to all at once,
// perhaps the kill, and the end. Fresh processes, identities and directories each
// time; nothing is left behind. Reports what it saw (trace.ts) and judges nothing.
import { execFile } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HubswarmError } from '../runtime/errors.ts';
import type { Stamped } from '../telemetry/event.ts';
import { ARM, type Place } from './arms.ts';
import { foreignShare, machineCpu } from './cpu.ts';
import { hashFile } from './file.ts';
import type { Host } from './network/plan.ts';
import { type Parameters, type PlannedRun, ratesOf } from './scenario.ts';
import { Child } from './spawn.ts';
import type { NodeTrace, Trace } from './trace.ts';
import { watchRun } from './watch-run.ts';

/** To boot and to hash the file: 17 processes on two loaded cores took 4 s. */
const READY_MS = 60_000;
/** For a client that has its last byte, to write its last line. */
const LEAVE_MS = 2000;

export interface Setup {
  readonly cliPath: string;
  /** Holds the file and nothing else. */
  readonly sourceDir: string;
  readonly sha256: string;
  readonly parameters: Parameters;
  /** Each run makes its own directory inside. */
  readonly workDir: string;
  /** For runs with links of the kernel: one for each process. */
  readonly hosts: readonly Host[];
}

/** For a process in a namespace, where the lab itself is not. */
const WARM_UP = `fetch(process.argv[1], { method: 'HEAD' }).then(() => process.exit())`;

export type Execute = (plan: PlannedRun, signal: AbortSignal) => Promise<Trace>;

const wallClock = (): number => performance.timeOrigin + performance.now();
const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export function createExecutor(setup: Setup): Execute {
  return async (plan, signal) => {
    const dir = join(setup.workDir, plan.id);
    const children: Child[] = [];
    await mkdir(dir);
    // Each process that boots listens to the signal until it is ready.
    setMaxListeners(0, signal);
    try {
      return await run(setup, plan, { dir, children, signal });
    } finally {
      await Promise.all(children.map((child) => child.stop()));
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    }
  };
}

interface Scope {
  readonly dir: string;
  /** Every child is put in here as it starts, to be stopped whatever happens. */
  readonly children: Child[];
  readonly signal: AbortSignal;
}

async function run(setup: Setup, plan: PlannedRun, scope: Scope): Promise<Trace> {
  const origin = await startOrigin(setup, plan, scope);
  const receivers = await startReceivers(setup, plan, { ...scope, origin });
  const { children, signal } = scope;
  const before = { machine: machineCpu(), own: ownCpuMs() };
  const cpuAtGo = children.map((child) => child.cpuMs());
  const goAt = wallClock();
  for (const receiver of receivers) receiver.go();
  const fault = await watchRun({
    plan,
    parameters: setup.parameters,
    origin,
    receivers,
    goAt,
    signal,
  });
  const endedAt = wallClock();
  for (const child of children) child.cpuMs();
  const after = { machine: machineCpu(), own: ownCpuMs() };
  if (ARM[plan.arm].receiverLeaves) await left(receivers);
  await Promise.all(children.map((child) => child.stop()));
  const files = await Promise.all(receivers.map((child) => checkFile(child, scope, setup.sha256)));
  const nodes = children.map(
    (child, i): NodeTrace => ({
      id: child.id,
      role: i === 0 ? 'origin' : 'receiver',
      events: child.events,
      cpuAtGoMs: cpuAtGo[i] ?? null,
      cpuAtEndMs: child.cpuAtEndMs,
      exit: child.exit,
      file: i === 0 ? null : files[i - 1]!,
      lastWords: child.lastWords,
    }),
  );
  const childrenMs = nodes.reduce((sum, node) => sum + usedMs(node), 0);
  const ownMs = childrenMs + after.own - before.own;
  const foreignCpuShare = foreignShare(before.machine, after.machine, ownMs);
  return { goAt, endedAt, fault, foreignCpuShare, nodes };
}

async function startOrigin(setup: Setup, plan: PlannedRun, scope: Scope): Promise<Child> {
  const arm = ARM[plan.arm];
  const wrapper = wrapperOf(setup, plan, 0);
  const place = await makePlace(setup, plan, { dir: scope.dir, id: 'origin', index: 0 });
  const origin = new Child('origin', setup.cliPath, arm.originArgs(place), wrapper);
  scope.children.push(origin);
  await origin.ready(arm.originReady, READY_MS, scope.signal);
  const url = arm.warmUpUrl(place, origin.events);
  if (url !== undefined) await warmUp(url, wrapper, scope.signal);
  return origin;
}

async function warmUp(url: string, wrapper: readonly string[], signal: AbortSignal): Promise<void> {
  const [command, ...args] = [...wrapper, process.execPath, '-e', WARM_UP, url];
  await promisify(execFile)(command!, args, { signal, timeout: READY_MS }).catch((error) => {
    signal.throwIfAborted();
    throw new HubswarmError('ERR_MEASUREMENT', 'the origin does not answer', { cause: error });
  });
}

async function startReceivers(
  setup: Setup,
  plan: PlannedRun,
  scope: Scope & { origin: Child },
): Promise<Child[]> {
  const ids = Array.from({ length: plan.receivers }, (_, i) => `receiver-${i + 1}`);
  const places = await Promise.all(
    ids.map((id, i) => makePlace(setup, plan, { dir: scope.dir, id, index: i + 1 })),
  );
  const receivers = ids.map((id, i) => {
    const args = ARM[plan.arm].receiverArgs(places[i]!, scope.origin.events);
    return new Child(id, setup.cliPath, args, wrapperOf(setup, plan, i + 1));
  });
  scope.children.push(...receivers);
  await Promise.all(receivers.map((child) => child.ready(['held'], READY_MS, scope.signal)));
  return receivers;
}

/** What puts a process on its host. */
function wrapperOf({ hosts }: Setup, { link }: PlannedRun, index: number): string[] {
  return link === 'netns' ? ['ip', 'netns', 'exec', hosts[index]!.namespace] : [];
}

async function makePlace(
  { sourceDir, parameters, hosts }: Setup,
  { link }: PlannedRun,
  process: { readonly dir: string; readonly id: string; readonly index: number },
): Promise<Place> {
  const dir = join(process.dir, process.id);
  await mkdir(dir);
  return {
    sourceDir,
    fileName: parameters.fileName,
    dir,
    address: link === 'netns' ? hosts[process.index]!.address : '127.0.0.1',
    caps: link === 'pacer' ? ratesOf(parameters) : null,
  };
}

/** Those that have their file end by themselves, and write their last counts as they do. */
async function left(receivers: readonly Child[]): Promise<void> {
  const leaving = receivers.filter((child) => child.has('transfer_completed'));
  const gone = Promise.withResolvers<void>();
  const check = (): void => {
    if (leaving.every(({ over }) => over)) gone.resolve();
  };
  const unwatch = leaving.map((child) => child.watch(check));
  const timer = setTimeout(gone.resolve, LEAVE_MS);
  check();
  await gone.promise;
  clearTimeout(timer);
  for (const stop of unwatch) stop();
}

type FileCheck = NonNullable<NodeTrace['file']>;

async function checkFile(child: Child, { dir }: Scope, sha256: string): Promise<FileCheck> {
  const path = completedPath(child.events);
  // A path outside the run's directory would be another program's file.
  if (path === undefined || !path.startsWith(join(dir, child.id))) return 'absent';
  const found = await hashFile(path).catch(() => undefined);
  if (found === undefined) return 'absent';
  return found === sha256 ? 'same' : 'different';
}

function completedPath(events: readonly Stamped[]): string | undefined {
  const event = events.findLast((seen) => seen.event === 'transfer_completed');
  return event?.event === 'transfer_completed' ? event.path : undefined;
}

function usedMs(node: NodeTrace): number {
  const last = node.events.findLast((seen) => seen.event === 'usage_sampled');
  const reported = last?.event === 'usage_sampled' ? last.cpuMs : 0;
  const endMs = Math.max(node.cpuAtEndMs ?? 0, reported);
  return Math.max(0, endMs - (node.cpuAtGoMs ?? endMs));
}
