// How others get through to a peer, and it to them, where routers lie between: as a relay of others, by
// reservations at relays (holder.ts), by punching (punch/), by a port of the router (mapping/). What is here runs at each start and only
// watches; the rest is loaded when it is needed.
import type { Connection, IdentifyResult, Stream } from '@libp2p/interface';
import type { Link } from '../../link/link.ts';
import type { Timers } from '../../runtime/clock.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { ownAddresses } from '../../runtime/node/own-addresses.ts';
import { matcherOf, SCOPE } from '../../runtime/node/scope.ts';
import type { Emit } from '../../telemetry/event.ts';
import { ipOf, scopeOf } from '../address/scope.ts';
import type { PortMapping } from '../mapping/port-mapping.ts';
import type { Node } from '../node/node.ts';
import type { Punching } from '../punch/punching.ts';
import type { Relay, RelayOptions } from '../relay/relay.ts';
import type { Holder } from './holder.ts';

/** Calls over one relay at once. Chosen. */
const CALLS_AT_ONCE = 16;

export interface PassageOptions {
  /** PeerIds of relays at which this peer reserves, whether others can call it or not. */
  readonly relays?: readonly string[] | undefined;
  /** As a relay of others, what it gives; it is none if this is left out. */
  readonly relay?: RelayOptions | undefined;
  /** Whether a router is asked to pass a port on to it, so that the internet can call it. */
  readonly mapsPort?: boolean | undefined;
}

export interface PassageInit extends PassageOptions {
  readonly node: Node;
  readonly link: Link;
  readonly clock: Timers;
  readonly emit: Emit;
  isRefused(peer: string): boolean;
  /** This peer's addresses have changed. */
  onMoved(): void;
}

export class Passage {
  readonly #init: PassageInit;
  #relay: Relay | undefined;
  #holder: Promise<Holder> | undefined;
  #punching: Promise<Punching> | undefined;
  #mapping: Promise<PortMapping> | undefined;
  #isClosed = false;

  /** Must be called once per node. */
  static async open(init: PassageInit): Promise<Passage> {
    const passage = new Passage(init);
    if (init.relay) await passage.#serve(init.relay);
    if (init.mapsPort) passage.#mapping = passage.#mapPort();
    const { node } = init;
    const identified = ({ detail }: CustomEvent<IdentifyResult>): void =>
      passage.#handleIdentified(detail);
    node.addEventListener(
      'peer:identify',
      guarded('learning how others see this peer', identified),
    );
    const opened = ({ detail }: CustomEvent<Connection>): unknown => passage.#handleOpened(detail);
    node.addEventListener('connection:open', guarded('finding a direct path', opened));
    return passage;
  }

  private constructor(init: PassageInit) {
    this.#init = init;
  }

  /** Resolves when the router passes no port on any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#relay?.close();
    unawaited('leaving relays', Promise.resolve(this.#holder?.then((holder) => holder.close())));
    unawaited('ending punches', Promise.resolve(this.#punching?.then((each) => each.close())));
    await (await this.#mapping)?.close();
  }

  async #serve(options: RelayOptions): Promise<void> {
    const { node, link, clock, emit, isRefused } = this.#init;
    const { Relay } = await import('../relay/relay.ts');
    const { AUTONAT_PROTOCOL, CallBacks } = await import('./autonat.ts');
    const serves = (peer: string): boolean => !isRefused(peer);
    this.#relay = await Relay.open({ ...options, node, link, clock, emit, serves });
    const answers = new CallBacks(node, clock);
    const answer = guarded('calling back', (stream: Stream, connection: Connection) =>
      answers.answer(stream, connection),
    );
    await node.handle(AUTONAT_PROTOCOL, answer, { maxInboundStreams: 1 });
  }

  async #mapPort(): Promise<PortMapping> {
    const { node, clock, emit } = this.#init;
    const { mapPort } = await import('../mapping/map-port.ts');
    const warn = (message: string): void => emit({ event: 'warned', message });
    const onMoved = (): void => {
      if (!this.#isClosed) this.#init.onMoved();
    };
    return mapPort(node, { clock, onMoved, warn });
  }

  #handleIdentified(identified: IdentifyResult): void {
    const { connection } = identified;
    if (!connection.direct || connection.direction === 'inbound' || this.#isClosed) return;
    const isGiven = this.#isGiven(`${connection.remotePeer}`);
    const isBehindNat = this.#isBehindNat(identified);
    if (!isGiven && !this.#holder && !isBehindNat && !isInTheOpen(identified)) return;
    this.#holder ??= this.#openHolder();
    const told = this.#holder.then((holder) => holder.handleIdentified(identified, isBehindNat));
    unawaited('learning how others see this peer', told);
  }

  /** Whether others see this peer at an address that is not its own, and it waits for their calls. */
  #isBehindNat({ observedAddr }: IdentifyResult): boolean {
    const ip = observedAddr && ipOf(observedAddr);
    if (ip === undefined || scopeOf(observedAddr!) === SCOPE.host) return false;
    const listens = this.#init.node.getMultiaddrs().map(scopeOf);
    if (!listens.some((scope) => scope !== undefined && scope !== SCOPE.host)) return false;
    return !matcherOf(ownAddresses().map(({ address }) => address))(ip);
  }

  #isGiven(peer: string): boolean {
    return this.#init.relays?.includes(peer) ?? false;
  }

  async #openHolder(): Promise<Holder> {
    const { node, clock, emit, onMoved } = this.#init;
    const { Holder } = await import('./holder.ts');
    const { STOP_PROTOCOL } = await import('../circuit/messages.ts');
    const { takeCircuit } = await import('../circuit/circuits.ts');
    const isGiven = (peer: string): boolean => this.#isGiven(peer);
    const holder = new Holder({ node, clock, emit, isGiven, onMoved });
    const take = guarded('taking a call over a relay', (stream: Stream, over: Connection) =>
      takeCircuit(
        node.services.fromPort,
        stream,
        over,
        holder.hasReservation(`${over.remotePeer}`),
      ),
    );
    await node.handle(STOP_PROTOCOL, take, { maxInboundStreams: CALLS_AT_ONCE });
    return holder;
  }

  async #handleOpened(connection: Connection): Promise<void> {
    if (connection.direct && !this.#punching) return;
    this.#punching ??= this.#openPunching();
    const punching = await this.#punching;
    if (!this.#isClosed) punching.handleOpened(connection);
  }

  async #openPunching(): Promise<Punching> {
    const { node, clock, emit } = this.#init;
    const { Punching } = await import('../punch/punching.ts');
    return Punching.open({ node, clock, emit });
  }
}

/** Whether it is seen beyond its networks: a firewall that lets no stranger in may be in between. */
const isInTheOpen = ({ observedAddr }: IdentifyResult): boolean =>
  observedAddr !== undefined && scopeOf(observedAddr) === SCOPE.everywhere;
