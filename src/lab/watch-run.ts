// When a run is over, and when the origin dies. The kill is triggered by bytes sent
// and not by time, so it hits the same moment of the protocol on any machine.
// A run is over when every receiver has completed or left, or when nothing was
// verified anywhere for so long that nothing will be.
import { type Parameters, type PlannedRun, ratesOf } from './scenario.ts';
import type { Child } from './spawn.ts';
import type { Trace } from './trace.ts';

/** Without an origin: several times what the slowest retry of a client or peer takes. */
const STALL_AFTER_KILL_MS = 1500;
/** With one: more than any time-out after which a receiver tries again. */
const STALL_MS = 15_000;
/** How often a silence is looked at; the events themselves arrive by themselves. */
const TICK_MS = 100;

export interface Watched {
  readonly plan: PlannedRun;
  readonly parameters: Parameters;
  readonly origin: Child;
  readonly receivers: readonly Child[];
  readonly goAt: number;
  readonly signal: AbortSignal;
}

/** Resolves when the run is over, with the kill if there was one. */
export async function watchRun(watched: Watched): Promise<Trace['fault']> {
  const { plan, parameters, origin, receivers, goAt, signal } = watched;
  const killBytes =
    plan.killCopies === null ? Number.POSITIVE_INFINITY : plan.killCopies * parameters.fileBytes;
  const onePassMs = (parameters.fileBytes / ratesOf(parameters).uplinkBytesPerSecond) * 1000;
  const over = Promise.withResolvers<void>();
  let fault: Trace['fault'] = null;

  const killWhenDue = (): void => {
    const sentBytes = sentBy(origin);
    if (fault || sentBytes < killBytes || settled(receivers)) return;
    origin.cpuMs();
    origin.kill();
    fault = { at: performance.timeOrigin + performance.now(), sentBytes };
  };
  const check = (): void => {
    const now = performance.timeOrigin + performance.now();
    const silentMs = now - Math.max(goAt, fault?.at ?? goAt, ...receivers.map(lastVerifiedAt));
    const stalled = fault
      ? silentMs > STALL_AFTER_KILL_MS && now - goAt >= onePassMs
      : silentMs > STALL_MS + onePassMs;
    if (signal.aborted) over.reject(signal.reason);
    else if (settled(receivers) || stalled) over.resolve();
  };
  const unwatch = [
    origin.watch(killWhenDue),
    ...receivers.map((receiver) => receiver.watch(check)),
  ];
  const timer = setInterval(check, TICK_MS);
  try {
    check();
    await over.promise;
  } finally {
    clearInterval(timer);
    for (const stop of unwatch) stop();
  }
  return fault;
}

const settled = (receivers: readonly Child[]): boolean =>
  receivers.every((receiver) => receiver.over || receiver.has('transfer_completed'));

function sentBy(origin: Child): number {
  const last = origin.events.at(-1);
  return last?.event === 'link_counted' ? last.sentBytes : 0;
}

function lastVerifiedAt({ events }: Child): number {
  return events.findLast(({ event }) => event === 'piece_verified')?.t ?? 0;
}
