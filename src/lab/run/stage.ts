// Where one run takes place: its processes on their hosts, started in the order in which
// they need each other, and all that must go when it is over.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Network } from '../network/network.ts';
import type { Host } from '../network/wiring.ts';
import type { PlannedRun } from '../terms/planned-run.ts';
import { startBalancer } from './balancer.ts';
import { castOf, type Member } from './cast.ts';
import { Child } from './child.ts';
import { Participant, type Process } from './participant.ts';
import {
  addressOf,
  argsOf,
  fileUrl,
  isHeld,
  type Place,
  readyOf,
  type Whereabouts,
  whereaboutsOf,
} from './program-args.ts';

/** Time to boot and to hash the file: 17 processes on two loaded cores took 4 s. */
const READY_MS = 60_000;

/** Script that asks for the file from inside a namespace, which the lab itself cannot reach. */
const WARM_UP = `fetch(process.argv[1], { method: 'HEAD' }).then(() => process.exit())`;

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

export class Stage {
  /** In the order of the cast: the origin first. */
  readonly participants: readonly Participant[];
  /** Only where the kernel holds the links. */
  readonly network: Network | undefined;
  readonly #init: StageInit;
  readonly #cast: readonly Member[];
  /** Everything that was started, to be stopped whatever happens. */
  readonly #started: Process[] = [];
  #whereabouts: Whereabouts = { urls: [], fingerprints: [], multiaddrs: [], cid: undefined };
  #frontUrl: string | undefined;

  constructor(init: StageInit) {
    this.#init = init;
    this.network = init.plan.setting.link === 'netns' ? init.network : undefined;
    this.#cast = castOf(init.plan);
    this.participants = this.#cast.map(
      (member) => new Participant(member, () => this.#start(member)),
    );
  }

  /** Everybody is there, those that fetch held until the go. */
  async open(): Promise<void> {
    this.#holdLinks();
    for (const participant of this.participants) await mkdir(this.dirOf(participant));
    await this.#openHolders();
    await this.#gather();
  }

  /** Ends all processes. May be called more than once. */
  async clear(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.stop()));
  }

  dirOf({ id }: Pick<Member, 'id'>): string {
    return join(this.#init.dir, id);
  }

  /** Where the kernel holds the links. */
  hostOf(participant: Participant): Host {
    return this.#host(participant.member);
  }

  #host(member: Member): Host {
    return this.network!.hosts[this.#cast.indexOf(member)]!;
  }

  #holdLinks(): void {
    if (!this.network) return;
    for (const member of this.#cast) this.network.setRates([this.#host(member)], member.rates);
  }

  /** Starts the processes that have the file, and the balancer in front of them. */
  async #openHolders(): Promise<void> {
    const { plan, file } = this.#init;
    const origins = this.participants.filter(({ member }) => !isHeld(member));
    await Promise.all(origins.map((each) => each.boot()));
    const events = origins.map((each) => each.events);
    await this.participants.find(({ member }) => member.role === 'front')?.boot();
    this.#whereabouts = whereaboutsOf(events, file, plan.setting, this.#frontUrl);
    if (plan.architecture !== 'server' || plan.setting.tls) return;
    // So that no receiver waits for an origin that has not loaded the file.
    await Promise.all(events.map((each) => this.#warmUp(addressOf(each))));
  }

  async #warmUp(base: string): Promise<void> {
    const { file, signal } = this.#init;
    const url = fileUrl(base, file.fileName);
    const wrapper = this.#wrapper(this.#cast[0]!);
    const [command, ...args] = [...wrapper, process.execPath, '-e', WARM_UP, url];
    await promisify(execFile)(command!, args, { signal, timeout: READY_MS }).catch((error) => {
      signal.throwIfAborted();
      throw new HubswarmError('ERR_MEASUREMENT', 'the origin does not answer', { cause: error });
    });
  }

  async #gather(): Promise<void> {
    const { architecture, setting } = this.#init.plan;
    const held = this.participants.filter(
      ({ member }) => isHeld(member) && member.role !== 'front',
    );
    const [first, ...others] = held;
    if (architecture === 'swarm' && setting.arrivals !== 'together') {
      // Whoever comes when the origin may be dead must know somebody else to join through.
      await first!.boot();
      const multiaddrs = [...this.#whereabouts.multiaddrs, addressOf(first!.events)];
      this.#whereabouts = { ...this.#whereabouts, multiaddrs };
      await Promise.all(others.map((each) => each.boot()));
    } else {
      await Promise.all(held.map((each) => each.boot()));
    }
  }

  async #start(member: Member): Promise<Process> {
    const { cliPath, plan, signal } = this.#init;
    const wrapper = this.#wrapper(member);
    if (member.role === 'front') return await this.#startFront(member, wrapper);
    const args = argsOf(member, this.#place(member), plan.setting, this.#whereabouts);
    const child = new Child(member.id, cliPath, args, { wrapper, env: this.#env(member) });
    this.#started.push(child);
    await child.ready(readyOf(member, plan.setting), READY_MS, signal);
    return child;
  }

  async #startFront(member: Member, wrapper: readonly string[]): Promise<Process> {
    const { cliPath, plan, signal } = this.#init;
    const { front } = plan.setting;
    const { dir, address } = this.#place(member);
    const replicas = this.participants
      .filter((each) => !isHeld(each.member))
      .map((each) => addressOf(each.events));
    const balancer = await startBalancer({
      kind: front as Exclude<typeof front, 'mirrors'>,
      id: member.id,
      cliPath,
      replicas,
      dir,
      address,
      wrapper,
      signal,
    });
    this.#started.push(balancer);
    this.#frontUrl = balancer.url;
    return balancer;
  }

  /** Command that puts a process on its host. */
  #wrapper(member: Member): string[] {
    return this.network ? ['ip', 'netns', 'exec', this.#host(member).namespace] : [];
  }

  /** Directories that a program keeps for its user lie in the run's directory here. */
  #env(member: Member): Record<string, string> {
    const user = join(this.dirOf(member), 'user');
    const kinds = ['CACHE', 'CONFIG', 'DATA', 'STATE'];
    return Object.fromEntries(kinds.map((kind) => [`XDG_${kind}_HOME`, join(user, kind)]));
  }

  #place(member: Member): Place {
    const { fileDir, fileName } = this.#init.file;
    return {
      fileDir,
      fileName,
      dir: this.dirOf(member),
      address: this.network ? this.#host(member).address : '127.0.0.1',
      caps: this.#init.plan.setting.link === 'pacer' ? member.rates : null,
    };
  }
}
