// The stage of a run of our own programs: hubs and clients, or peers, riders and attackers.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HubswarmError } from '../../runtime/errors.ts';
import { isPeers } from '../terms/scenario.ts';
import { startBalancer } from './balancer.ts';
import type { Member } from './cast.ts';
import { Child } from './child.ts';
import type { Process } from './participant.ts';
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
import { READY_MS, Stage } from './stage.ts';

/**
 * Script that asks for the file from inside a namespace, which the lab itself cannot reach, and tells
 * its CID; a compressed answer would name none.
 */
const WARM_UP = `fetch(process.argv[1], { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
  .then(({ headers }) =>
    process.stdout.write(headers.get('x-ipfs-roots') ?? '', () => process.exit()))`;

/** Becomes the command behind it when it is told to go: then its start is a part of the run. */
const WAIT = ['sh', '-c', 'read -r _ && exec "$@"', 'sh'];

export class OwnStage extends Stage {
  #whereabouts: Whereabouts = {
    urls: [],
    fingerprints: [],
    multiaddrs: [],
    joins: [],
    cid: undefined,
  };
  #frontUrl: string | undefined;

  protected override async gather(): Promise<void> {
    await this.#openHolders();
    await this.#bootReceivers();
  }

  /** Starts the processes that have the file, and the balancer in front of them. */
  async #openHolders(): Promise<void> {
    const { plan, file } = this.init;
    const origins = this.participants.filter(({ member }) => !isHeld(member));
    await Promise.all(origins.map((each) => each.boot()));
    const events = origins.map((each) => each.events);
    await this.participants.find(({ member }) => member.role === 'front')?.boot();
    this.#whereabouts = whereaboutsOf(events, file, plan.setting, this.#frontUrl);
    const { architecture, setting } = plan;
    const isHub = architecture === 'hybrid' || (architecture === 'server' && !setting.tls);
    if (!isHub) return;
    // So that no receiver waits for an origin that has not loaded the file.
    const [cid] = await Promise.all(events.map((each) => this.#warmUp(addressOf(each))));
    if (architecture === 'hybrid')
      this.#whereabouts = { ...this.#whereabouts, cid: cid || undefined };
  }

  /** Resolves to the CID that it names; empty where it names none. */
  async #warmUp(base: string): Promise<string> {
    const { file, signal } = this.init;
    const url = fileUrl(base, file.fileName);
    const wrapper = this.wrapper(this.cast[0]!);
    const [command, ...args] = [...wrapper, process.execPath, '-e', WARM_UP, url];
    const asked = promisify(execFile)(command!, args, { signal, timeout: READY_MS });
    const { stdout } = await asked.catch((error) => {
      signal.throwIfAborted();
      throw new HubswarmError('ERR_MEASUREMENT', 'the origin does not answer', { cause: error });
    });
    return stdout;
  }

  async #bootReceivers(): Promise<void> {
    const { architecture, setting } = this.init.plan;
    const held = this.participants.filter(
      ({ member }) => isHeld(member) && member.role !== 'front',
    );
    const [first, ...others] = held;
    const isApart = setting.arrivals !== 'together' && setting.startUp !== 'measured';
    if (isPeers(architecture) && isApart) {
      // Whoever comes when the origin may be dead must know somebody else to join through.
      await first!.boot();
      const address = addressOf(first!.events);
      const { multiaddrs, joins } = this.#whereabouts;
      this.#whereabouts = {
        ...this.#whereabouts,
        multiaddrs: [...multiaddrs, address],
        joins: [...joins, address],
      };
      await Promise.all(others.map((each) => each.boot()));
    } else {
      await Promise.all(held.map((each) => each.boot()));
    }
  }

  protected override async start(member: Member): Promise<Process> {
    const { cliPath, plan, signal } = this.init;
    const wrapper = this.wrapper(member);
    if (member.role === 'front') return await this.#startFront(member, wrapper);
    const args = argsOf(member, this.#place(member), plan.setting, this.#whereabouts);
    const waits = isHeld(member) && plan.setting.startUp === 'measured' ? WAIT : [];
    const options = { wrapper: [...wrapper, ...waits], env: this.#env(member) };
    const child = this.keep(new Child(member.id, cliPath, args, options));
    await child.ready(readyOf(member, plan.setting), READY_MS, signal);
    return child;
  }

  async #startFront(member: Member, wrapper: readonly string[]): Promise<Process> {
    const { cliPath, plan, signal } = this.init;
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
    this.#frontUrl = balancer.url;
    return this.keep(balancer);
  }

  /** Directories that a program keeps for its user lie in the run's directory here. */
  #env(member: Member): Record<string, string> {
    const user = join(this.dirOf(member), 'user');
    const kinds = ['CACHE', 'CONFIG', 'DATA', 'STATE'];
    return Object.fromEntries(kinds.map((kind) => [`XDG_${kind}_HOME`, join(user, kind)]));
  }

  #place(member: Member): Place {
    const { fileDir, fileName } = this.init.file;
    const { link, told } = this.init.plan.setting;
    const isTold = link === 'netns' && told === 'caps' && isPeer(member);
    const { uplinkBytesPerSecond } = member.rates;
    return {
      fileDir,
      fileName,
      dir: this.dirOf(member),
      address: this.addressOf(member),
      caps: isTold ? { uplinkBytesPerSecond } : this.capsOf(member),
      findsUplink: link === 'netns' && told === 'auto' && isPeer(member),
    };
  }
}

const isPeer = ({ program }: Member): boolean => ['peer', 'hub peer', 'rider'].includes(program);
