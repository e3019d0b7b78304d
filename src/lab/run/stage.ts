// Where one run takes place: its processes on their hosts, started in the order in which
// they need each other, and all that must go when it is over. What is started, and how, differs
// between programs of ours (own-stage.ts) and a rival's (rival-stage.ts).
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Network } from '../network/network.ts';
import type { Host } from '../network/wiring.ts';
import type { PlannedRun } from '../terms/planned-run.ts';
import { castOf, type Member } from './cast.ts';
import { Participant, type Process } from './participant.ts';

/** Time to boot and to hash the file: 17 processes on two loaded cores took 4 s. */
export const READY_MS = 60_000;

/** The file of a run. */
export interface RunFile {
  /** Holds the file and nothing else. */
  readonly fileDir: string;
  readonly fileName: string;
  readonly sha256: string;
}

export interface StageInit {
  readonly cliPath: string;
  readonly plan: PlannedRun;
  readonly file: RunFile;
  /** Directory of the run; it exists and is empty. */
  readonly dir: string;
  /** Network of rate-limited kernel links: at least one host for each process. */
  readonly network: Network | undefined;
  readonly signal: AbortSignal;
}

export abstract class Stage {
  /** In the order of the cast: the origin first. */
  readonly participants: readonly Participant[];
  /** Only where the kernel holds the links. */
  readonly network: Network | undefined;
  protected readonly init: StageInit;
  protected readonly cast: readonly Member[];
  /** Everything that was started, to be stopped whatever happens. */
  readonly #started: Process[] = [];

  constructor(init: StageInit) {
    this.init = init;
    this.network = init.plan.setting.link === 'netns' ? init.network : undefined;
    this.cast = castOf(init.plan);
    this.participants = this.cast.map(
      (member) => new Participant(member, () => this.start(member)),
    );
  }

  /** Everybody is there, those that fetch held until the go. */
  async open(): Promise<void> {
    this.#holdLinks();
    for (const participant of this.participants) await mkdir(this.dirOf(participant));
    await this.gather();
  }

  /** Ends all processes. May be called more than once. */
  async clear(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.stop()));
  }

  dirOf({ id }: Pick<Member, 'id'>): string {
    return join(this.init.dir, id);
  }

  /** Where the kernel holds the links. */
  hostOf(participant: Participant): Host {
    return this.#host(participant.member);
  }

  /** Boots all participants; directories and links are there. */
  protected abstract gather(): Promise<void>;

  /** Resolves when its process is ready, or waits for its go. */
  protected abstract start(member: Member): Promise<Process>;

  /** To be stopped with all others. */
  protected keep<T extends Process>(process: T): T {
    this.#started.push(process);
    return process;
  }

  /** Command that puts a process on its host. */
  protected wrapper(member: Member): string[] {
    return this.network ? ['ip', 'netns', 'exec', this.#host(member).namespace] : [];
  }

  protected addressOf(member: Member): string {
    return this.network ? this.#host(member).address : '127.0.0.1';
  }

  /** What a process is to hold its link to; null: nothing. */
  protected capsOf(member: Member): Member['rates'] | null {
    return this.init.plan.setting.link === 'pacer' ? member.rates : null;
  }

  #host(member: Member): Host {
    return this.network!.hosts[this.cast.indexOf(member)]!;
  }

  #holdLinks(): void {
    if (!this.network) return;
    const hosts = this.cast.map((member) => this.#host(member));
    this.network.setOffloads(hosts, this.init.plan.setting.offloads);
    for (const member of this.cast) this.network.setRates([this.#host(member)], member.rates);
  }
}
