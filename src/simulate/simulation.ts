// The swarm of a setup: who takes part with which links, when they join and leave,
// and when there is nothing more to wait for.
import type { SessionInit } from '../exchange/session-init.ts';
import { createRng, type Rng } from '../runtime/rng.ts';
import { Overlay } from './overlay.ts';
import type { LinkClass, SimulationSetup } from './setup.ts';
import type { NodeOptions, SimNode } from './sim-node.ts';
import { SimSwarm } from './sim-swarm.ts';
import { PAYLOAD_SHARE } from './tcp.ts';

/** Longer than anything in exchange/ waits (a first piece: 20 s). */
const STALLED_MS = 30_000;

/**
 * How a run ended: everybody that stayed is complete; nothing moves any more although
 * somebody lacks something; or the time is up.
 */
export type Outcome = 'completed' | 'stalled' | 'time is up';

export interface Receiver {
  readonly node: SimNode;
  readonly uplink: number;
  readonly downlink: number;
  readonly joinedAt: number;
  readonly isFreeRider: boolean;
}

export class Simulation {
  readonly setup: SimulationSetup;
  readonly swarm: SimSwarm;
  readonly origin: SimNode;
  readonly receivers: readonly Receiver[];
  /** When every piece had been passed on once, and how many copies the origin had sent. */
  firstCopy: { readonly ms: number; readonly copies: number } | undefined;
  readonly #rng: Rng;
  readonly #overlay: Overlay;
  readonly #session: Partial<SessionInit>;
  #toJoin = 0;
  #stalled = false;

  /** @param session what every honest session is told beyond the setup */
  constructor(setup: SimulationSetup, session: Partial<SessionInit> = {}) {
    this.setup = setup;
    const { picker, choker, turns } = setup;
    this.#session = {
      picker,
      choker,
      ...(turns === null ? {} : { openGrants: turns }),
      ...session,
    };
    this.#rng = createRng(setup.seed);
    this.swarm = new SimSwarm({
      bytes: setup.fileBytes,
      pieceLength: setup.pieceLength,
      latencyMs: setup.latencyMs,
      seed: this.#rng.below(2 ** 32),
    });
    this.origin = this.#addOrigin();
    this.#overlay = new Overlay({
      swarm: this.swarm,
      origin: this.origin,
      degree: setup.degree ?? Number.POSITIVE_INFINITY,
      rng: this.#rng,
    });
    this.receivers = Array.from({ length: setup.receivers }, (_, i) => this.#addReceiver(i));
    for (let i = 0; i < setup.poisoners; i++) this.#addPoisoner(i);
    this.swarm.onFirstCopy = () => {
      const copies = this.origin.sentBytes / setup.fileBytes;
      this.firstCopy = { ms: this.swarm.now, copies };
      if (setup.kill && 'firstCopy' in setup.kill) this.swarm.kill(this.origin);
    };
    this.swarm.until = () => this.#isOver();
  }

  get outcome(): Outcome {
    if (this.receivers.every(({ node }) => !node.alive || node.session.isComplete)) {
      return 'completed';
    }
    return this.#stalled || this.swarm.isQuiet ? 'stalled' : 'time is up';
  }

  /** Carries out so many events at the most; false when the run has ended. */
  advance(events: number): boolean {
    return this.swarm.advance(events, this.setup.limitMs);
  }

  #addOrigin(): SimNode {
    const { originUplink, kill, fileBytes } = this.setup;
    const origin = this.swarm.add({
      ...this.#links({ uplink: originUplink, downlink: Number.POSITIVE_INFINITY }),
      have: 'all',
      session: this.#session,
      ...(kill !== null && 'copies' in kill ? { diesAfterBytes: kill.copies * fileBytes } : {}),
    });
    if (kill !== null && 'ms' in kill) this.swarm.at(kill.ms, () => this.swarm.kill(origin));
    return origin;
  }

  #addReceiver(index: number): Receiver {
    const { classes, staggerMs, lingerMs, receivers, freeRiders } = this.setup;
    const links = classes[index % classes.length]!;
    const isFreeRider = index >= receivers - freeRiders;
    const node = this.swarm.add({
      ...this.#links(links),
      session: this.#session,
      freeRides: isFreeRider,
      ...(lingerMs === null ? {} : { lingerMs }),
      ...this.#lifeOf(index),
    });
    const joinedAt = index * staggerMs;
    this.#joinAt(node, joinedAt);
    const { lifetime } = this.setup;
    if (lifetime !== null && 'meanMs' in lifetime) {
      const ms = this.#drawLife(lifetime.meanMs);
      this.swarm.at(joinedAt + ms, () => this.swarm.kill(node));
    }
    return { node, ...links, joinedAt, isFreeRider };
  }

  #lifeOf(index: number): Pick<NodeOptions, 'diesAtBytes'> {
    const { lifetime, fileBytes } = this.setup;
    if (lifetime === null || !('meanShare' in lifetime) || index % 2 === 0) return {};
    return { diesAtBytes: this.#drawLife(lifetime.meanShare) * fileBytes };
  }

  #drawLife(mean: number): number {
    return -mean * Math.log(1 - this.#rng.next());
  }

  #addPoisoner(index: number): void {
    const { classes } = this.setup;
    const links = this.#links(classes[index % classes.length]!);
    this.#joinAt(this.swarm.add({ ...links, poison: true }), 0);
  }

  /** A peer's two rates, which are payload's, as those of the lab's lines. */
  #links({ uplink: up, downlink: down }: LinkClass): Pick<NodeOptions, 'up' | 'down' | 'line'> {
    const { line } = this.setup;
    if (line === null) return { up, ...(Number.isFinite(down) ? { down } : {}) };
    return {
      up: line.told ? up : Number.POSITIVE_INFINITY,
      line: { up: up / PAYLOAD_SHARE, down: down / PAYLOAD_SHARE, bufferMs: line.bufferMs },
    };
  }

  #joinAt(node: SimNode, ms: number): void {
    this.#toJoin++;
    this.swarm.at(ms, () => {
      this.#toJoin--;
      this.#overlay.join(node);
    });
  }

  #isOver(): boolean {
    const { swarm } = this;
    const moving = swarm.busyUplinks > 0 || swarm.underWayBytes > 0 || this.#toJoin > 0;
    this.#stalled = !moving && swarm.now - swarm.movedAt > STALLED_MS;
    return this.#stalled;
  }
}
