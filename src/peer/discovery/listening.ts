// Decides where a peer listens. Addresses that its user gave always win. Otherwise it listens on
// this machine alone, until the user leads it further by joining other machines or looking for
// peers on the LAN: a peer that they cannot call back would take pieces and pass none on. Then it
// listens at the address from which packets to them leave, and on no other interface. Who shares with
// anybody listens at the addresses of default routes and of private networks. Names may
// resolve later, networks come up, and a laptop's address changes. So the choice is made again and
// again.
import { multiaddr } from '@multiformats/multiaddr';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { describeError, hasCode } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import { within } from '../../runtime/within.ts';
import type { Emit } from '../../telemetry/event.ts';
import { scopeOfHost } from '../address/scope.ts';
import {
  ANYWHERE,
  type Host,
  isKept,
  isOwn,
  lanHosts,
  loopbackHost,
  resolveHosts,
  sourceTowards,
} from '../address/source-address.ts';
import { countListeners, listenAt, listenedAt, type Node, stopListening } from '../node/node.ts';

const LOOK_MS = 2000;
/** Limit to resolve names in addresses, before the peer starts without. Chosen. */
const RESOLVE_MS = 2000;
/** An address that is missing at so many looks is given up: links flap. */
const LOOKS_UNTIL_GONE = 3;
const MOST_HOSTS_OF_NAME = 8;
/** Most listeners. Chosen: more than hosts with many containers need. */
const MOST_LISTENERS = 64;

export interface ListeningInit {
  /** The user's --listen. */
  readonly listen?: readonly string[] | undefined;
  /** The user's --join. */
  readonly joins: readonly string[];
  readonly mdns: boolean;
  /** Whether other machines must be able to call, wherever they are. */
  readonly isOpen?: boolean | undefined;
  readonly clock: Timers;
  readonly emit: Emit;
}

type Reason = 'default' | 'join' | 'mdns' | 'share' | 'listen';

export class Listening {
  readonly #init: ListeningInit;
  /** Addresses of peers beyond this machine, and what they resolved to. */
  readonly #towards = new Map<string, readonly Host[]>();
  /** Ports by host: an address that returns, or replaces another, keeps the port. */
  readonly #ports = new Map<Host, number>();
  readonly #missed = new Map<Host, number>();
  #node: Node | undefined;
  #onMoved: () => void = () => {};
  #told: string | undefined;
  #cancelLooks: Cancel | undefined;
  #looking = false;

  constructor(init: ListeningInit) {
    this.#init = init;
    for (const address of init.joins) this.#towards.set(address, []);
  }

  /** The addresses that the node listens at when it starts. */
  async choose(): Promise<string[]> {
    await within(RESOLVE_MS, this.#resolve(), this.#init.clock);
    if (this.#init.listen) return [...this.#init.listen];
    return (await this.#hosts()).map((host) => `${host}/tcp/0`);
  }

  /**
   * Tells who can call this peer, and follows this machine's addresses until close().
   *
   * @param onMoved must tell others the node's new addresses
   */
  follow(node: Node, onMoved: () => void): void {
    this.#node = node;
    this.#onMoved = onMoved;
    this.#notePorts();
    this.#tell();
    const { listen, mdns, isOpen } = this.#init;
    if (listen || (this.#towards.size === 0 && !mdns && !isOpen)) return;
    this.#watch();
  }

  /** A peer of an earlier run has answered: its address leads beyond this machine as well. */
  lead(address: string): void {
    if (this.#init.listen || this.#towards.has(address) || isOwn(hostOf(address))) return;
    this.#towards.set(address, []);
    this.#watch();
    unawaited('looking at addresses', this.#look());
  }

  close(): void {
    this.#cancelLooks?.();
    this.#node = undefined;
  }

  #watch(): void {
    const look = (): void => unawaited('looking at addresses', this.#look());
    this.#cancelLooks ??= this.#init.clock.every(LOOK_MS, 'looking at addresses', look);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#resolve();
      await this.#move(await this.#hosts());
    } catch (error) {
      // The node is about to stop, or the next look succeeds.
      if (this.#node) this.#init.emit({ event: 'warned', message: describeError(error) });
    } finally {
      this.#looking = false;
    }
  }

  /** Resolves names again that did not resolve yet. */
  async #resolve(): Promise<void> {
    const unresolved = [...this.#towards].filter(([, hosts]) => hosts.length === 0);
    await Promise.all(
      unresolved.map(async ([address]) => {
        const hosts = await resolveHosts(multiaddr(address)).catch(() => []);
        this.#towards.set(address, hosts.slice(0, MOST_HOSTS_OF_NAME));
      }),
    );
  }

  async #hosts(): Promise<Host[]> {
    const { mdns, isOpen } = this.#init;
    const targets = [...(isOpen ? ANYWHERE : []), ...[...this.#towards.values()].flat()];
    const sources = await Promise.all([...new Set(targets)].map(sourceTowards));
    const found = [...sources, ...(mdns || isOpen ? lanHosts() : [])];
    const hosts = [...new Set(found.filter((host) => host !== undefined))];
    return hosts.length > 0 ? hosts.slice(0, MOST_LISTENERS) : [loopbackHost()];
  }

  async #move(wanted: readonly Host[]): Promise<void> {
    const node = this.#node;
    if (!node) return;
    const before = node.getMultiaddrs().join();
    const current = hostsOf(node);
    for (const host of wanted) {
      this.#missed.delete(host);
      // Loopback stays as it was; an address beyond this machine is never given up for it.
      if (!current.includes(host) && host !== loopbackHost()) await this.#open(node, host);
    }
    for (const host of current) if (!wanted.includes(host)) await this.#miss(node, host);
    if (node.getMultiaddrs().join() === before) return;
    this.#notePorts();
    this.#onMoved();
    this.#tell();
  }

  async #open(node: Node, host: Host): Promise<void> {
    if (countListeners(node) >= MOST_LISTENERS) return;
    const port = this.#ports.get(host) ?? [...this.#ports.values()].at(-1) ?? 0;
    for (const each of new Set([port, 0])) {
      try {
        return await listenAt(node, `${host}/tcp/${each}`);
      } catch (error) {
        // The port is taken; or the address is gone again, which the next look will tell.
        if (!hasCode(error, 'ERR_LISTEN')) throw error;
      }
    }
  }

  /** An address that this machine has lost cannot be called, and must not be told. */
  async #miss(node: Node, host: Host): Promise<void> {
    if (await isKept(host)) return;
    const missed = (this.#missed.get(host) ?? 0) + 1;
    this.#missed.set(host, missed);
    if (missed >= LOOKS_UNTIL_GONE) await stopListening(node, host);
  }

  #notePorts(): void {
    for (const address of this.#node ? listenedAt(this.#node) : []) {
      const port = address.getComponents().find(({ name }) => name === 'tcp')?.value;
      if (port !== undefined) this.#ports.set(hostOf(address.toString()), Number(port));
    }
  }

  #tell(): void {
    const { listen, emit } = this.#init;
    const open = hostsOf(this.#node!).filter(isBeyond);
    const leads = this.#leadsBeyond;
    if (listen && (open.length > 0 || leads === undefined)) return;
    const because: Reason = listen ? 'listen' : (leads ?? 'default');
    const text = `${because} ${open.join()}`;
    if (this.#told === text) return;
    this.#told = text;
    emit({ event: 'callers_decided', because, hosts: open.map((host) => host.split('/').at(-1)!) });
  }

  /** The option that leads this peer beyond its machine, if any. */
  get #leadsBeyond(): 'join' | 'mdns' | 'share' | undefined {
    if (this.#init.isOpen) return 'share';
    const beyond = [...this.#towards].some(
      // An unresolved name does not stand for this machine.
      ([, hosts]) => hosts.length === 0 || hosts.some(isBeyond),
    );
    if (beyond) return 'join';
    return this.#init.mdns ? 'mdns' : undefined;
  }
}

const hostOf = (address: string): Host => address.replace(/\/tcp\/.*$/, '');

const hostsOf = (node: Node): Host[] => [
  ...new Set(listenedAt(node).map((address) => hostOf(address.toString()))),
];

/** RFC 6761 section 6.3. */
const LOCALHOST = /^\/dns[46]?\/(.+\.)?localhost\.?$/i;

const isBeyond = (host: Host): boolean =>
  !LOCALHOST.test(host) && scopeOfHost(multiaddr(host)) !== SCOPE.host;
