// One node of a run while it is running: its process, or one after the other when it comes
// back, and what all of them have come to.
import type { Stamped } from '../../telemetry/event.ts';
import { type Life, receives } from '../terms/trace.ts';
import type { Balancer } from './balancer.ts';
import type { Member } from './cast.ts';
import { Child } from './child.ts';
import { Foreign } from './foreign.ts';
import { Tally } from './tally.ts';

/** A balancer and a rival have no events; a balancer goes by itself. */
export type Process = Child | Balancer | Foreign;

const eventsOf = (process: Process): readonly Stamped[] =>
  process instanceof Child ? process.events : [];

interface LivedProcess {
  readonly process: Process;
  readonly tally: Tally;
  goAt: number | null;
  cpuAtGoMs: number | null;
}

const wallClock = (): number => performance.timeOrigin + performance.now();

export class Participant {
  readonly member: Member;
  /** Arguments it was started with, for a restart. */
  readonly #start: () => Promise<Process>;
  readonly #lives: LivedProcess[] = [];
  /** Killed or cut off by the script, and not back. */
  isAway = false;

  /** @param start resolves when the process is ready */
  constructor(member: Member, start: () => Promise<Process>) {
    this.member = member;
    this.#start = start;
  }

  get id(): string {
    return this.member.id;
  }

  /** Starts its process, and waits until it is ready. */
  async boot(): Promise<void> {
    const process = await this.#start();
    this.#lives.push({ process, tally: new Tally(), goAt: null, cpuAtGoMs: 0 });
  }

  go(): void {
    const life = this.#current;
    life.goAt = wallClock();
    if (life.process instanceof Child || life.process instanceof Foreign) life.process.go();
  }

  kill(): void {
    this.isAway = true;
    this.#current.process.cpuMs();
    this.#current.process.kill();
  }

  /** After it was killed: the same program in the same directory, at once. */
  async restart(): Promise<void> {
    await this.#current.process.ended();
    await this.boot();
    this.isAway = false;
    if (receives(this.member)) this.go();
  }

  get process(): Process {
    return this.#current.process;
  }

  /** Events of the present life. */
  get events(): readonly Stamped[] {
    return eventsOf(this.#current.process);
  }

  /** Whether a program of its has begun to transfer. */
  get started(): boolean {
    return this.#lives.some(({ goAt }) => goAt !== null);
  }

  /** True when nothing more is to be expected of it. */
  get settled(): boolean {
    return this.started && (this.isAway || this.#current.process.over || this.completed);
  }

  /** Whether it has the whole file, as far as it tells or shows. */
  get completed(): boolean {
    const { process } = this.#current;
    return process instanceof Foreign ? process.signedAt !== null : this.tally.completed;
  }

  /** When it last got on, wall-clock milliseconds. */
  get movedAt(): number {
    const { process } = this.#current;
    return process instanceof Foreign ? process.movedAt : this.tally.lastVerifiedAt;
  }

  /** Tally of the present life; what it kept from an earlier one counts as verified. */
  get tally(): Tally {
    const { process, tally } = this.#current;
    tally.read(eventsOf(process));
    return tally;
  }

  /** Numbers of the pieces that it verified in all its lives. */
  *pieces(): Iterable<number> {
    for (const { process, tally } of this.#lives) {
      tally.read(eventsOf(process));
      yield* tally.pieces;
    }
  }

  /** CPU time until now is start-up. */
  readCpuAtGo(): void {
    const life = this.#lives.at(-1);
    if (life) life.cpuAtGoMs = life.process.cpuMs();
  }

  readCpuAtEnd(): void {
    this.#lives.at(-1)?.process.cpuMs();
  }

  lives(): Life[] {
    return this.#lives.map(({ process, goAt, cpuAtGoMs }) => ({
      events: eventsOf(process),
      goAt,
      cpuAtGoMs,
      cpuAtEndMs: process.cpuAtEndMs,
      exit: process.exit,
      lastWords: process.lastWords,
      ...(process instanceof Foreign ? { completedAt: process.signedAt } : {}),
    }));
  }

  get #current(): LivedProcess {
    return this.#lives.at(-1)!;
  }
}
