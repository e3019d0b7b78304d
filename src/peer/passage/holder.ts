// Has a peer that cannot be called be called over relays. It is loaded once another peer sees this one
// elsewhere than where it listens: then a NAT lies between. Each relay that it called itself is asked for
// a reservation at once, up to two, and whoever can is asked to call back (AutoNAT). If that succeeds the
// router forwards a port, and reservations end, but for those at relays that the user named. A peer that is
// seen at an address of its own, and a public one, may be behind a firewall: it asks first, and reserves if
// nobody gets through.
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Emit } from '../../telemetry/event.ts';
import { ipOf } from '../address/scope.ts';
import { HOP_PROTOCOL } from '../circuit/messages.ts';
import type { Node } from '../node/node.ts';
import { announceAlso } from '../patches/announced.ts';
import { AUTONAT_PROTOCOL, addressesSeen, askCallBack } from './autonat.ts';
import { Reservation } from './reservation.ts';

/** Reservations that are wanted: one relay may vanish. */
const WANTED = 2;
/** How often relays that had no room are asked again. Chosen. */
const AGAIN_MS = 20_000;
/** A peer is asked to call back this often at the most: routers change. Chosen. */
const TEST_AGAIN_MS = 10 * 60_000;

/** A peer that was identified. */
export interface Identified {
  readonly connection: Connection;
  readonly protocols: readonly string[];
  /** Where it sees this peer. */
  readonly observedAddr?: Multiaddr | undefined;
}

export interface HolderInit {
  readonly node: Node;
  readonly clock: Timers;
  readonly emit: Emit;
  /** Whether the user named this peer as a relay. */
  isGiven(peer: string): boolean;
  /** This peer's addresses have changed. */
  onMoved(): void;
}

export class Holder {
  readonly #init: HolderInit;
  readonly #held = new Map<string, Reservation>();
  readonly #asking = new Set<string>();
  /** Relays by their PeerIds, as far as they are connected. */
  readonly #relays = new Map<string, Connection>();
  readonly #cancelLooks: Cancel;
  /** Functions that take addresses back. */
  #announced: readonly (() => void)[] = [];
  /** Undefined until it is known. */
  #isCallable: boolean | undefined;
  /** The IP address at which nobody got through. */
  #closedIp: string | undefined;
  #testedAt = Number.NEGATIVE_INFINITY;

  constructor(init: HolderInit) {
    this.#init = init;
    this.#cancelLooks = init.clock.every(AGAIN_MS, 'looking for relays', () => this.#look());
  }

  /** @param isBehindNat whether that peer sees this one elsewhere than it listens */
  handleIdentified(
    { connection, protocols, observedAddr }: Identified,
    isBehindNat: boolean,
  ): void {
    if (isBehindNat) this.#isCallable ??= false;
    if (protocols.includes(HOP_PROTOCOL)) {
      this.#relays.set(`${connection.remotePeer}`, connection);
      this.#look();
    }
    if (observedAddr && protocols.includes(AUTONAT_PROTOCOL)) {
      unawaited('testing whether others can call', this.#test(connection, observedAddr));
    }
  }

  /** Whether calls over this relay are taken. */
  hasReservation(relay: string): boolean {
    return this.#held.has(relay);
  }

  close(): void {
    this.#cancelLooks();
    for (const reservation of this.#held.values()) reservation.end();
  }

  #look(): void {
    for (const [relay, connection] of this.#relays) {
      const isOpen = connection.status === 'open';
      if (!isOpen) this.#relays.delete(relay);
      if (!isOpen || this.#held.has(relay) || this.#asking.has(relay)) continue;
      if (!this.#wants(relay)) continue;
      unawaited('reserving at a relay', this.#reserve(relay, connection));
    }
  }

  #wants(relay: string): boolean {
    if (this.#init.isGiven(relay)) return true;
    return this.#isCallable === false && this.#held.size + this.#asking.size < WANTED;
  }

  async #reserve(relay: string, connection: Connection): Promise<void> {
    const { clock, emit, node } = this.#init;
    this.#asking.add(relay);
    try {
      const lost = (reason: string): void => this.#lose(relay, reason);
      const reservation = await Reservation.make(connection, clock, lost);
      this.#held.set(relay, reservation);
      const self = `/p2p/${node.peerId}`;
      const addresses = reservation.addresses.map((address) => `${address}${self}`);
      emit({ event: 'relay_reserved', relay, addresses });
      this.#tell();
    } catch {
      // It has no room, or is gone: it is asked again, or another is.
    } finally {
      this.#asking.delete(relay);
    }
  }

  #lose(relay: string, reason: string): void {
    this.#held.delete(relay);
    this.#init.emit({ event: 'relay_lost', relay, reason });
    this.#tell();
    this.#look();
  }

  #tell(): void {
    const { node, onMoved } = this.#init;
    for (const withdraw of this.#announced) withdraw();
    const all = [...this.#held.values()].flatMap(({ addresses }) => addresses);
    this.#announced = all.map((address) => announceAlso(node, `${address}`));
    // Whoever called there would wait in vain, and have no time left for the relay.
    node.services.addresses.withhold(all.length > 0 ? this.#closedIp : undefined);
    onMoved();
  }

  async #test(connection: Connection, seen: Multiaddr): Promise<void> {
    const { clock, emit, node } = this.#init;
    if (clock.now() - this.#testedAt < TEST_AGAIN_MS) return;
    this.#testedAt = clock.now();
    const callable = await askCallBack(node, connection, addressesSeen(node, seen)).catch(
      () => undefined,
    );
    if (callable === undefined) {
      this.#testedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    emit({ event: 'callers_tested', remote: `${connection.remotePeer}`, callable });
    this.#isCallable = callable;
    this.#closedIp = callable ? undefined : ipOf(seen);
    if (callable) this.#endAll();
    else {
      if (this.#held.size > 0) this.#tell();
      this.#look();
    }
  }

  #endAll(): void {
    if (this.#held.size === 0) return;
    for (const [relay, reservation] of this.#held) {
      if (this.#init.isGiven(relay)) continue;
      reservation.end();
      this.#held.delete(relay);
    }
    this.#tell();
  }
}
