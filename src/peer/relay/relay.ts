// A relay: lets peers that cannot be called be called over it (messages.ts). Whoever asks is a
// stranger, so everything is bounded: reservations, also of one host (reservations.ts); circuits, also of
// one caller, one holder and one host; attempts; bytes and time of a circuit; and the bytes per second of
// all circuits, which pass the link of the process as well. A relay calls nobody: a caller reaches only
// who has reserved and is connected.
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { Link } from '../../link/link.ts';
import type { Timers } from '../../runtime/clock.ts';
import { guarded } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Emit } from '../../telemetry/event.ts';
import { believe, scopeOfPeer } from '../address/scope.ts';
import { isCircuit } from '../circuit/circuit-address.ts';
import { expiryIn } from '../circuit/expiry.ts';
import { converse, type MessageStream } from '../circuit/message-stream.ts';
import {
  type CircuitLimits,
  encodeGranted,
  encodeHopStatus,
  encodeStopConnect,
  HOP,
  HOP_PROTOCOL,
  peerIn,
  STATUS,
  STOP_PROTOCOL,
} from '../circuit/messages.ts';
import { endpointOf } from '../node/dial-budget.ts';
import type { Node } from '../node/node.ts';
import { Quota } from '../node/quota.ts';
import { Circuit } from './circuit.ts';
import { Reservations } from './reservations.ts';

/** One whole question and its answer: a few round trips. A byte now and then does not renew it. */
const ANSWER_WITHIN_MS = 10_000;
/** Open questions of one connection, circuits among them. Chosen. */
const STREAMS_PER_CONNECTION = 32;
/** Circuits: of all, of one caller or holder, of one host. Chosen. */
const MOST_CIRCUITS = 128;
const MOST_OF_PEER = 16;
const MOST_OF_HOST = 32;
/** Questions of one host: at once, and one more after so long. Chosen: the peers behind one NAT. */
const MOST_QUESTIONS = 64;
const ONE_MORE_MS = 500;

/** Chosen: an eighth of what a home's uplink often is; a hub's owner may give more or less. */
const DEFAULT_RELAY_RATE = 2 ** 20;
/** Chosen: a few large files; who needs more begins a new circuit. */
const DEFAULT_RELAY_BYTES = 256 * 2 ** 20;
const CIRCUIT_SECONDS = 60 * 60;

export interface RelayOptions {
  /** Bytes per second of all circuits together, each counted once. */
  readonly bytesPerSecond?: number | undefined;
  /** Bytes of one circuit, both directions together. */
  readonly bytes?: number | undefined;
}

export interface RelayInit extends RelayOptions {
  readonly node: Node;
  readonly link: Link;
  readonly clock: Timers;
  /** Whether this peer may use the relay. */
  serves(peer: string): boolean;
  readonly emit: Emit;
}

/** A question of a remote: who asks, over what. */
interface Question {
  readonly messages: MessageStream;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  refuse(status: number): Promise<void>;
}

export class Relay {
  readonly #init: RelayInit;
  readonly #limits: CircuitLimits;
  readonly #rate: Link;
  readonly #reservations: Reservations;
  readonly #quota: Quota;
  readonly #circuits = new Map<Circuit, readonly string[]>();
  /** Those whose holder was not heard yet: they count, or many at once would pass the limits. */
  readonly #opening = new Set<readonly string[]>();
  readonly #stop = new AbortController();

  /** Serves until close(). Must be called once per node. */
  static async open(init: RelayInit): Promise<Relay> {
    const relay = new Relay(init);
    const answer = guarded('relaying', (stream: Stream, connection: Connection) =>
      relay.#answer(stream, connection),
    );
    await init.node.handle(HOP_PROTOCOL, answer, { maxInboundStreams: STREAMS_PER_CONNECTION });
    const forget = guarded('ending a reservation', ({ detail }: CustomEvent<PeerId>) =>
      relay.#reservations.end(`${detail}`),
    );
    init.node.addEventListener('peer:disconnect', forget);
    return relay;
  }

  private constructor(init: RelayInit) {
    this.#init = init;
    const { clock, bytesPerSecond = DEFAULT_RELAY_RATE, bytes = DEFAULT_RELAY_BYTES } = init;
    this.#limits = { bytes, seconds: CIRCUIT_SECONDS };
    this.#rate = new Link({ uplinkBytesPerSecond: bytesPerSecond, clock });
    this.#reservations = new Reservations(clock);
    this.#quota = new Quota(clock, MOST_QUESTIONS, ONE_MORE_MS);
  }

  close(): void {
    this.#stop.abort(new Error('the relay has stopped'));
    for (const circuit of this.#circuits.keys()) circuit.end('the relay has stopped');
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const answered = converse(stream, (messages) =>
      attempt([this.#stop.signal], ANSWER_WITHIN_MS, async (signal) => {
        const refuse = async (status: number): Promise<void> => {
          await messages.write(encodeHopStatus(status), signal);
          await stream.close({ signal });
        };
        const remote = `${connection.remotePeer}`;
        // A circuit over a circuit would carry each byte twice.
        if (!connection.direct || !this.#init.serves(remote)) {
          return refuse(STATUS.permissionDenied);
        }
        if (!this.#quota.take(hostOf(connection))) return refuse(STATUS.resourceLimitExceeded);
        const message = await messages.read(signal);
        const question = { messages, connection, signal, refuse };
        const type = message.number(1);
        if (type === HOP.reserve) return this.#reserve(question);
        if (type !== HOP.connect) return refuse(STATUS.unexpected);
        const holder = peerIn(message);
        if (!holder) return refuse(STATUS.malformed);
        const status = await this.#connect(holder, question);
        if (status !== STATUS.ok) await refuse(status);
      }),
    );
    // Who asked is gone, or made no sense.
    await answered.catch(() => undefined);
  }

  async #reserve({ messages, connection, signal, refuse }: Question): Promise<void> {
    const { node } = this.#init;
    const ms = this.#reservations.grant(`${connection.remotePeer}`, hostOf(connection));
    if (ms === undefined) return refuse(STATUS.reservationRefused);
    // A stranger is not told what this machine is called at home.
    const own = node.getMultiaddrs().filter((each) => !isCircuit(each));
    const told = believe(own.map(String), scopeOfPeer([connection]));
    const granted = encodeGranted({
      expires: expiryIn(ms),
      addresses: told.map(({ multiaddr }) => multiaddr.bytes),
      limits: this.#limits,
    });
    await messages.write(granted, signal);
    await messages.unwrap().close({ signal });
  }

  /** @returns a status; with `ok` the circuit is open, and the caller was told */
  async #connect(holder: PeerId, { messages, connection, signal }: Question): Promise<number> {
    const { node } = this.#init;
    if (!this.#reservations.has(`${holder}`)) return STATUS.noReservation;
    const way = node
      .getConnections(holder)
      .find(({ direct, status }) => direct && status === 'open');
    if (!way) return STATUS.noReservation;
    const keys = [`${connection.remotePeer}`, `${holder}`, `host ${hostOf(connection)}`];
    if (!this.#hasRoom(keys)) return STATUS.resourceLimitExceeded;
    this.#opening.add(keys);
    try {
      return await this.#open(way, keys, { messages, connection, signal });
    } finally {
      this.#opening.delete(keys);
    }
  }

  async #open(
    way: Connection,
    keys: readonly string[],
    { messages, connection, signal }: Omit<Question, 'refuse'>,
  ): Promise<number> {
    const stop = await this.#callHolder(way, connection.remotePeer, signal).catch(() => undefined);
    if (!stop) return STATUS.connectionFailed;
    try {
      await messages.write(encodeHopStatus(STATUS.ok, this.#limits), signal);
    } catch (error) {
      stop.abort(error as Error);
      throw error;
    }
    this.#join([messages.unwrap(), stop], keys);
    return STATUS.ok;
  }

  async #callHolder(way: Connection, caller: PeerId, signal: AbortSignal): Promise<Stream> {
    const stream = await way.newStream(STOP_PROTOCOL, {
      signal,
      maxOutboundStreams: MOST_OF_PEER,
    });
    return converse(stream, async (messages) => {
      await messages.write(encodeStopConnect(caller, this.#limits), signal);
      const answer = await messages.read(signal);
      if (answer.number(4) !== STATUS.ok) throw new Error('the holder refused');
      return messages.unwrap();
    });
  }

  #join(ends: readonly [Stream, Stream], keys: readonly string[]): void {
    const { clock, emit, link } = this.#init;
    const [caller, holder] = keys as [string, string];
    const circuit = new Circuit({
      ends,
      limits: this.#limits,
      clock,
      pass: async (bytes, signal) => {
        await this.#rate.send(bytes, signal);
        await Promise.all([link.receive(bytes, signal), link.send(bytes, signal)]);
      },
      onEnd: (carried) => {
        this.#circuits.delete(circuit);
        emit({ event: 'circuit_closed', caller, holder, ...carried });
      },
    });
    this.#circuits.set(circuit, keys);
    emit({ event: 'circuit_opened', caller, holder });
  }

  #hasRoom([caller, holder, host]: readonly string[]): boolean {
    const all = [...this.#circuits.values(), ...this.#opening];
    const countOf = (key: string | undefined) =>
      all.filter((keys) => keys.includes(key as string)).length;
    return (
      all.length < MOST_CIRCUITS &&
      countOf(caller) < MOST_OF_PEER &&
      countOf(holder) < MOST_OF_PEER &&
      countOf(host) < MOST_OF_HOST
    );
  }
}

const hostOf = ({ remoteAddr }: Connection): string => endpointOf(remoteAddr).household;
