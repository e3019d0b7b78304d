// Brings a peer into a swarm, and back into it: through the addresses that it is given, or through
// its user's other peers on this machine and the peers of its last run. No failure here ends the
// peer. Given addresses are called again for as long as it runs. So peers may start in any order,
// and restart at any time. The peer reports once which peers it waits for.
import type { IdentifyResult } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Timers } from '../../runtime/clock.ts';
import { describeError } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import type { Emit } from '../../telemetry/event.ts';
import { scopeOf } from '../address/scope.ts';
import { hasMulticastRoute } from '../address/source-address.ts';
import type { Node } from '../node/node.ts';
import { type Discovery, dialReason } from './discovery.ts';
import { type Guide, GuideFailure } from './guide.ts';
import { readKnownPeers, rememberPeers } from './known-peers.ts';
import type { Listening } from './listening.ts';
import { announceRun, findLocalPeers } from './run-file.ts';

/** How often a peer that is alone looks for peers of this machine and of the last run. Chosen. */
const REJOIN_MS = 1000;
/** How often an unanswered address is called: a peer is found within 5 s of its restart. */
const RECALL_MS = 1500;
/**
 * Random share of that time, sooner or later: so that those who wait for one peer do not call all
 * at once.
 */
const JITTER = 0.25;
/**
 * A peer that accepts and hangs up again and again has no room. The wait doubles each time, up to
 * so many times, until a connection lasts.
 */
const MOST_DOUBLINGS = 5;
const LASTED_MS = 60_000;
/** A connection that ended sooner was not wanted. Chosen. */
const HUNG_UP_MS = 1000;
const HUNG_UP = 'it hung up at once; it may have no room, or not allow this peer (its --allow)';
/** Time for an answer on the LAN. Chosen. */
const LAN_ANSWERS_MS = 3000;

/** Most peers met that are remembered for the next run, which keeps fewer. Chosen. */
const MOST_MET = 256;

export interface JoiningInit {
  readonly node: Node;
  readonly discovery: Discovery;
  readonly listening: Listening;
  /** Directory of the user's running peers of the same swarm. */
  readonly runDir: string;
  /** Directory of this peer's own memory of others of that swarm. */
  readonly knownDir: string;
  readonly clock: Timers;
  readonly emit: Emit;
}

/** Who is called whenever it is not connected. */
interface Callee {
  /** For a person. */
  readonly names: readonly string[];
  /** Whether a remote names the addresses. */
  readonly isGuided?: boolean;
  /** What to dial now. */
  find(signal: AbortSignal): Promise<readonly Multiaddr[]>;
}

export class Joining {
  readonly #init: JoiningInit;
  /** An address of each peer that answered in this run, the first ones, and of those that called. */
  readonly #reached = new Map<string, string>();
  readonly #callers = new Map<string, string>();
  #warned = false;
  #withdrawRun: (() => Promise<void>) | undefined;

  constructor(init: JoiningInit) {
    this.#init = init;
    const remember = ({ detail }: CustomEvent<IdentifyResult>): void => this.#remember(detail);
    init.node.addEventListener('peer:identify', guarded('remembering a peer', remember));
  }

  #remember({ peerId, listenAddrs, connection }: IdentifyResult): void {
    const id = peerId.toString();
    const address = listenAddrs.at(-1);
    if (connection.direction === 'outbound') {
      if (this.#reached.size < MOST_MET)
        this.#reached.set(id, `${address ?? connection.remoteAddr}/p2p/${id}`);
    } else if (address) {
      this.#callers.set(id, `${address}/p2p/${id}`);
      forgetOldest(this.#callers, MOST_MET);
    }
  }

  /**
   * Tells the user's other peers where this one listens. Call at the start and whenever that
   * changes.
   */
  async announce(): Promise<void> {
    const { node, runDir, emit } = this.#init;
    const peerId = node.peerId.toString();
    const addresses = node.getMultiaddrs().map((address) => address.toString());
    try {
      this.#withdrawRun = await announceRun(runDir, peerId, addresses);
    } catch (error) {
      this.#warn(describeError(error));
    }
    emit({ event: 'listening', role: 'peer', addresses, peerId });
  }

  /** Remembers the peers met: a hint for the next run; without it nothing fails. */
  async close(): Promise<void> {
    try {
      await rememberPeers(
        this.#init.knownDir,
        [...this.#reached.values()],
        [...this.#callers.values()],
      );
      await this.#withdrawRun?.();
    } catch (error) {
      this.#warn(describeError(error));
    }
  }

  /**
   * Joins through these peers; without any, through those on this machine and those of the
   * last run, until the signal aborts. Resolves with the first connection.
   */
  async join(through: readonly (string | Guide)[], signal: AbortSignal): Promise<void> {
    const addresses = through.filter((each) => typeof each === 'string');
    const guides = through.filter((each) => typeof each !== 'string');
    if (through.length === 0) unawaited('joining known peers', this.#joinKnown(signal));
    const { discovery } = this.#init;
    const targets = discovery.targetsOf(addresses);
    const twin = discovery.twinOf(addresses);
    if (twin !== undefined) {
      this.#warn(
        `--join: ${twin} has this peer's own identity; if another process runs there with a copy of it, give one of them another --data`,
      );
    } else if (addresses.length > 0 && targets.length === 0) {
      this.#warn('--join names this very peer, and nobody else');
    }
    const callees: Callee[] = [
      ...targets.map((target) => ({ names: target.map(String), find: async () => target })),
      ...guides.map((guide) => this.#guided(guide)),
    ];
    for (const callee of callees) unawaited('joining peers', this.#keepCalling(callee, signal));
    await this.#connected(signal);
  }

  /** With --mdns: reports that no peer on the LAN answers. */
  async awaitLan(signal: AbortSignal): Promise<void> {
    await this.#init.clock.sleep(LAN_ANSWERS_MS, signal).catch(() => {});
    if (signal.aborted || !this.#isAlone) return;
    const reason = (await hasMulticastRoute()) ? '' : 'no route for multicast';
    this.#await('lan', [], reason);
  }

  get #isAlone(): boolean {
    return this.#init.node.getConnections().length === 0;
  }

  async #connected(signal: AbortSignal): Promise<void> {
    if (!this.#isAlone) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => reject(signal.reason);
    const { node } = this.#init;
    node.addEventListener('peer:connect', () => resolve(), { once: true, signal });
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    await promise.finally(() => signal.removeEventListener('abort', stop));
  }

  #guided(guide: Guide): Callee {
    return {
      names: [guide.name],
      isGuided: true,
      find: async (signal) => {
        const [target] = this.#init.discovery.targetsOf(await guide.learn(signal));
        if (target) return target;
        throw new GuideFailure('it names this very peer, and nobody else');
      },
    };
  }

  /** Calls a peer, or an address without a PeerId, whenever it is not connected. */
  async #keepCalling(callee: Callee, signal: AbortSignal): Promise<void> {
    const { discovery, clock } = this.#init;
    const { names, isGuided = false } = callee;
    let failures = 0;
    let losses = 0;
    const told = new Set<string>();
    while (!signal.aborted) {
      try {
        const target = await callee.find(signal);
        const connection = await discovery.call(target, signal, !isGuided);
        discovery.handleJoined(connection.remotePeer, losses + failures > 0);
        failures = 0;
        told.clear();
        const since = clock.now();
        await discovery.lost(connection.remotePeer, signal);
        const lastedMs = clock.now() - since;
        if (lastedMs < HUNG_UP_MS && losses === 0) this.#await('answer', names, HUNG_UP);
        losses = lastedMs < LASTED_MS ? losses + 1 : 1;
      } catch (error) {
        if (signal.aborted) return;
        losses = 0;
        failures += 1;
        const reason = error instanceof GuideFailure ? error.message : dialReason(error);
        // A guide has reasons of its own: it comes, and then lacks an option.
        if (told.size === 0 || (isGuided && !told.has(reason)))
          this.#await('answer', names, reason);
        told.add(reason);
      }
      const wait = RECALL_MS * 2 ** Math.min(Math.max(losses - 1, 0), MOST_DOUBLINGS);
      const jitter = 1 + JITTER * (2 * Math.random() - 1);
      await clock.sleep(wait * jitter, signal).catch(() => {});
    }
  }

  async #joinKnown(signal: AbortSignal): Promise<void> {
    const { discovery, clock } = this.#init;
    let told = false;
    while (!signal.aborted) {
      if (this.#isAlone) {
        const [local, met] = await this.#knownAddresses();
        // What peers of the last run said of their addresses is hearsay. They may all be gone: that
        // is no error.
        const joins = [
          discovery.join(local, signal),
          discovery.join(met, signal, undefined, false),
        ];
        await Promise.any(joins).catch(() => {});
        if (!signal.aborted && this.#isAlone && !told) this.#await('known');
        this.#lead();
      }
      told = this.#isAlone;
      await clock.sleep(REJOIN_MS, signal).catch(() => {});
    }
  }

  /** Addresses of the user's other peers on this machine, and of those of the last run. */
  async #knownAddresses(): Promise<[local: string[], met: string[]]> {
    const { node, runDir, knownDir } = this.#init;
    const [local, met] = await Promise.allSettled([
      findLocalPeers(runDir, node.peerId.toString()),
      readKnownPeers(knownDir),
    ]);
    for (const each of [local, met]) {
      if (each.status === 'rejected') this.#warnOnce(describeError(each.reason));
    }
    return [foundIn(local), foundIn(met)];
  }

  /** A known peer beyond this machine that answers must be able to call back. */
  #lead(): void {
    for (const { direction, remoteAddr } of this.#init.node.getConnections()) {
      const scope = scopeOf(remoteAddr);
      if (direction === 'inbound' || scope === undefined || scope === SCOPE.host) continue;
      this.#init.listening.lead(remoteAddr.toString());
    }
  }

  #await(lack: 'answer' | 'known' | 'lan', addresses: readonly string[] = [], reason = ''): void {
    this.#init.emit({ event: 'peers_awaited', lack, addresses: [...addresses], reason });
  }

  /** Warns once: what is tried each second fails each second. */
  #warnOnce(message: string): void {
    if (!this.#warned) this.#warn(message);
    this.#warned = true;
  }

  #warn(message: string): void {
    this.#init.emit({ event: 'warned', message });
  }
}

const foundIn = (found: PromiseSettledResult<string[]>): string[] =>
  found.status === 'fulfilled' ? found.value : [];
