// Carries a run's script out, and says when the run is over. Steps are triggered by what
// the processes report (bytes, pieces, completions), so they hit the same moment of the
// protocol on any machine; only pauses between steps go by the clock. A run is over when
// every receiver has completed or left, or when nothing was verified anywhere for so long
// that nothing will be.
import { HubswarmError } from '../../runtime/errors.ts';
import type { Network } from '../network/network.ts';
import type { Host } from '../network/wiring.ts';
import { type Fault, faultText, type When } from '../terms/fault.ts';
import { type PlannedRun, pointText } from '../terms/planned-run.ts';
import { passMs } from '../terms/setting.ts';
import { type FaultTrace, receives } from '../terms/trace.ts';
import type { Participant } from './participant.ts';
import { isGo, type Step } from './script.ts';

/** Without the origin: several times what the slowest retry of a client or peer takes. */
const STALL_AFTER_KILL_MS = 1500;
/** ... where others have the file, or lines come back: a retry that backs off. */
const STALL_WITH_OTHERS_MS = 6000;
/** With the origin: more than any time-out after which a receiver tries again. */
const STALL_MS = 15_000;
/** A rival that always moves a little ends too: after so many times what a server needs, and more. */
const RIVAL_TIMES = 4;
const RIVAL_MS = 60_000;
/** How often a silence and a pause are looked at; the events arrive by themselves. */
const TICK_MS = 20;

/** Steps that bring something back. */
const MENDS: ReadonlySet<Fault['do']> = new Set(['continue', 'restart', 'heal', 'join']);

export interface Watched {
  readonly plan: PlannedRun;
  readonly steps: readonly Step[];
  readonly participants: readonly Participant[];
  /** Only for scripts that cut lines. */
  readonly network: Pick<Network, 'cut' | 'heal' | 'split' | 'join'> | undefined;
  readonly hostOf: (participant: Participant) => Host;
  readonly signal: AbortSignal;
}

export interface Seen {
  readonly goAt: number;
  readonly faults: readonly FaultTrace[];
  readonly unmetFaults: readonly string[];
}

const wallClock = (): number => performance.timeOrigin + performance.now();

export async function watchRun(watched: Watched): Promise<Seen> {
  return await new Watch(watched).run();
}

class Watch {
  readonly #watched: Watched;
  readonly #origin: Participant;
  readonly #receivers: readonly Participant[];
  readonly #pieces = new Set<number>();
  readonly #pieceCount: number;
  readonly #passMs: number;
  readonly #faults: FaultTrace[] = [];
  readonly #doneAt = new Map<Step, number>();
  readonly #over = Promise.withResolvers<void>();
  readonly #unwatch: (() => void)[] = [];
  #goAt = 0;
  #busy = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { plan, participants } = watched;
    this.#origin = participants[0]!;
    this.#receivers = participants.filter(({ member }) => receives(member));
    this.#pieceCount = Math.ceil(plan.setting.fileBytes / (plan.setting.pieceLength ?? 1));
    this.#passMs = passMs(plan.setting);
  }

  async run(): Promise<Seen> {
    const { steps, participants } = this.#watched;
    for (const participant of participants) this.#listen(participant);
    const timer = setInterval(() => this.#look(), TICK_MS);
    this.#goAt = wallClock();
    try {
      this.#look();
      await this.#over.promise;
    } finally {
      clearInterval(timer);
      for (const stop of this.#unwatch) stop();
    }
    const unmet = steps.filter((step) => !this.#doneAt.has(step));
    return {
      goAt: this.#goAt,
      faults: this.#faults,
      unmetFaults: unmet.map((step) => (isGo(step) ? `start ${step.node}` : faultText(step))),
    };
  }

  #listen(participant: Participant): void {
    this.#unwatch.push(participant.process.watch(() => this.#look()));
  }

  /** Carries out what is due; then sees whether it is over. */
  #look(): void {
    try {
      if (this.#watched.signal.aborted) throw this.#watched.signal.reason;
      this.#watched.steps.forEach((step, index) => {
        if (!this.#doneAt.has(step) && this.#isDue(step.when, index)) this.#carryOut(step);
      });
      if (this.#isOver()) this.#over.resolve();
    } catch (error) {
      this.#over.reject(error);
    }
  }

  #isDue(when: When, index: number): boolean {
    if ('passes' in when) {
      const from = index === 0 ? this.#goAt : this.#doneAt.get(this.#watched.steps[index - 1]!);
      return from !== undefined && wallClock() >= from + when.passes * this.#passMs;
    }
    if ('sentCopies' in when) return this.#sentCopies() >= when.sentCopies;
    if ('firstCopy' in when) return this.#sentCopies() >= 1 && this.#isSafe();
    if ('completed' in when) {
      return this.#receivers.filter(({ completed }) => completed).length >= when.completed;
    }
    const of = 'node' in when ? [this.#find(when.node)] : this.#receivers;
    return this.#verified(of) >= when.verifiedShare * of.length * this.#fileBytes;
  }

  get #fileBytes(): number {
    return this.#watched.plan.setting.fileBytes;
  }

  #sentCopies(): number {
    return this.#origin.tally.sentBytes / this.#fileBytes;
  }

  /** Clients serve nobody. So with a server it is enough that one copy has left the origin. */
  #isSafe(): boolean {
    if (this.#watched.plan.architecture === 'server') return true;
    for (const receiver of this.#receivers) {
      for (const piece of receiver.pieces()) this.#pieces.add(piece);
    }
    return this.#pieces.size >= this.#pieceCount;
  }

  #verified(of: readonly Participant[]): number {
    return of.reduce((sum, { tally }) => sum + tally.verifiedBytes, 0);
  }

  #find(id: string): Participant {
    const found = this.#watched.participants.find((participant) => participant.id === id);
    if (found) return found;
    const { scenario, point } = this.#watched.plan;
    throw new HubswarmError(
      'ERR_USAGE',
      `scenario '${scenario}' at ${pointText(point)}: no node '${id}' takes part`,
    );
  }

  #carryOut(step: Step): void {
    // When all are done there is nothing left that could go wrong.
    if (!isGo(step) && !MENDS.has(step.do) && this.#settled) return;
    this.#doneAt.set(step, wallClock());
    if (isGo(step)) return this.#find(step.node).go();
    this.#faults.push({
      text: faultText(step),
      do: step.do,
      node: 'node' in step ? step.node : null,
      at: wallClock(),
      originSentBytes: this.#origin.tally.sentBytes,
    });
    this.#act(step);
  }

  #act(fault: Fault): void {
    if (!('node' in fault)) return this.#part(fault.do === 'split');
    const target = this.#find(fault.node);
    const { network, hostOf } = this.#watched;
    switch (fault.do) {
      case 'kill':
        return target.kill();
      case 'stop':
        target.isAway = true;
        return target.process.kill('SIGSTOP');
      case 'continue':
        target.isAway = false;
        return target.process.kill('SIGCONT');
      case 'restart':
        return this.#restart(target);
      case 'cut':
        target.isAway = true;
        return network!.cut([hostOf(target)]);
      case 'heal':
        target.isAway = false;
        return network!.heal([hostOf(target)]);
    }
  }

  #restart(target: Participant): void {
    this.#busy++;
    target
      .restart()
      .then(() => this.#listen(target))
      .catch(this.#over.reject)
      .finally(() => {
        this.#busy--;
      });
  }

  /** The second half of the receivers on one side, everybody else on the other. */
  #part(split: boolean): void {
    const { network, participants, hostOf } = this.#watched;
    if (!split) return network!.join();
    const far = new Set(this.#receivers.slice(Math.ceil(this.#receivers.length / 2)));
    const near = participants.filter((participant) => !far.has(participant));
    network!.split(near.map(hostOf), [...far].map(hostOf));
  }

  get #settled(): boolean {
    return this.#receivers.every((receiver) => receiver.settled);
  }

  #isOver(): boolean {
    if (this.#busy > 0 || this.#awaitsTime()) return false;
    return this.#settled || this.#isStalled();
  }

  /** A step that will come, since only time is between it and what happened already. */
  #awaitsTime(): boolean {
    const { steps } = this.#watched;
    return steps.some(
      (step, index) =>
        !this.#doneAt.has(step) &&
        'passes' in step.when &&
        (index === 0 || this.#doneAt.has(steps[index - 1]!)) &&
        (isGo(step) || MENDS.has(step.do) || !this.#settled),
    );
  }

  #isStalled(): boolean {
    const now = wallClock();
    if (now - this.#goAt > this.#limitMs) return true;
    const lastAt = Math.max(
      this.#goAt,
      ...this.#doneAt.values(),
      ...this.#receivers.map(({ movedAt }) => movedAt),
    );
    return now - lastAt > this.#patienceMs() && now - this.#goAt >= this.#passMs;
  }

  get #limitMs(): number {
    const { plan } = this.#watched;
    return plan.rival
      ? RIVAL_MS + RIVAL_TIMES * plan.setting.receivers * this.#passMs
      : Number.POSITIVE_INFINITY;
  }

  #patienceMs(): number {
    const { hubs, faults } = this.#watched.plan.setting;
    const { participants } = this.#watched;
    const isDead = participants.some(({ isAway, member }) => isAway && !receives(member));
    if (!isDead) return STALL_MS + this.#passMs;
    return hubs > 1 || faults.length > 0 ? STALL_WITH_OTHERS_MS : STALL_AFTER_KILL_MS;
  }
}
