// Replaces connections over relays by direct ones, as soon as they stand. The holder of the reservation
// begins; both ends observe a port meanwhile. Once a direct connection is open the one over the relay is
// closed, and what ran over it begins anew on the direct one. Whoever asks for a punch names addresses to
// call: so few are under way at once and in a time, those addresses obey the rule for what remotes name, and
// the dial budget holds.
import type { Connection, Stream } from '@libp2p/interface';
import type { Timers } from '../../runtime/clock.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Emit } from '../../telemetry/event.ts';
import { parseCircuit } from '../circuit/circuit-address.ts';
import { dialReason } from '../discovery/discovery.ts';
import type { Node } from '../node/node.ts';
import { Quota } from '../node/quota.ts';
import { PUNCH_PROTOCOL } from './messages.ts';
import { type ObservedPort, ObservedPorts } from './observed-port.ts';
import { answerPunch, punch } from './punch.ts';

/** Attempts of one holder, and the wait before each further one. Chosen. */
const ROUNDS = 3;
const NEXT_ROUND_MS = 500;
const ROUND_WITHIN_MS = 8000;
/** Time after which it is said that the relay carries on. Chosen: one round and a half. */
const SAY_AFTER_MS = 10_000;
/** Punches of all peers together: at once, and one more after so long. Chosen. */
const MOST_AT_ONCE = 8;
const MOST_IN_A_ROW = 32;
const ONE_MORE_MS = 1000;

export interface PunchingInit {
  readonly node: Node;
  readonly clock: Timers;
  readonly emit: Emit;
}

/** A connection over a relay, from its opening to its end. */
interface Path {
  readonly openedAt: number;
  /** Why the last attempt failed. */
  reason: string;
}

export class Punching {
  readonly #init: PunchingInit;
  readonly #paths = new Map<Connection, Path>();
  readonly #ports: ObservedPorts;
  readonly #quota: Quota;
  readonly #stop = new AbortController();
  #running = 0;

  /** Must be called once per node. */
  static async open(init: PunchingInit): Promise<Punching> {
    const punching = new Punching(init);
    const answer = guarded('punching', (stream: Stream, over: Connection) =>
      punching.#answer(stream, over),
    );
    await init.node.handle(PUNCH_PROTOCOL, answer, { maxInboundStreams: 1 });
    return punching;
  }

  private constructor(init: PunchingInit) {
    this.#init = init;
    this.#ports = new ObservedPorts(init.node, init.clock);
    this.#quota = new Quota(init.clock, MOST_IN_A_ROW, ONE_MORE_MS);
  }

  handleOpened(connection: Connection): void {
    if (connection.status !== 'open' || this.#paths.has(connection)) return;
    if (connection.direct) this.#replace(connection);
    else this.#begin(connection);
  }

  close(): void {
    this.#stop.abort(new Error('the peer has stopped'));
  }

  #begin(over: Connection): void {
    const { clock, emit } = this.#init;
    const path: Path = { openedAt: clock.now(), reason: 'no answer' };
    this.#paths.set(over, path);
    const relay = `${parseCircuit(over.remoteAddr).relayPeer}`;
    const remote = `${over.remotePeer}`;
    emit({ event: 'path_relayed', remote, relay });
    const say = (): void => {
      emit({ event: 'path_stayed', remote, relay, reason: path.reason });
    };
    const cancel = clock.after(SAY_AFTER_MS, 'telling of a path', say);
    const end = guarded('leaving a path', () => {
      cancel();
      this.#paths.delete(over);
    });
    over.addEventListener('close', end, { once: true });
    if (over.direction === 'inbound') unawaited('punching', this.#punch(over, path));
    else unawaited('observing a port', this.#prepare(over));
  }

  /** The direct connection stands at either end before the other one goes. */
  #replace({ remotePeer }: Connection): void {
    const { clock, emit } = this.#init;
    for (const [over, path] of this.#paths) {
      if (!over.remotePeer.equals(remotePeer)) continue;
      this.#paths.delete(over);
      emit({ event: 'path_direct', remote: `${remotePeer}`, ms: clock.now() - path.openedAt });
      if (over.direction === 'inbound')
        unawaited(
          'leaving a relay',
          over.close().catch(() => {}),
        );
    }
  }

  async #punch(over: Connection, path: Path): Promise<void> {
    const { clock } = this.#init;
    for (let round = 0; round < ROUNDS && this.#paths.has(over); round++) {
      try {
        if (round > 0) await clock.sleep(NEXT_ROUND_MS, this.#stop.signal);
        await this.#within(over, (signal) =>
          this.#withPort(over, (port) => punch({ ...this.#init, over, signal }, port)),
        );
        return;
      } catch (error) {
        path.reason = dialReason(error);
      }
    }
  }

  async #answer(stream: Stream, over: Connection): Promise<void> {
    const path = this.#paths.get(over);
    // The caller answers; who holds the reservation asks.
    if (!path || over.direction === 'inbound') {
      return stream.abort(new Error('nothing to punch here'));
    }
    try {
      await this.#within(over, (signal) =>
        this.#withPort(over, (port) => answerPunch({ ...this.#init, over, signal }, stream, port)),
      );
      await stream.close();
    } catch (error) {
      path.reason = dialReason(error);
      stream.abort(error as Error);
    }
  }

  async #within(
    over: Connection,
    run: (signal: AbortSignal) => Promise<Connection>,
  ): Promise<Connection> {
    if (this.#running >= MOST_AT_ONCE || !this.#quota.take('all')) {
      throw new Error('too many at once');
    }
    this.#running++;
    const gone = new AbortController();
    const leave = guarded('leaving a punch', () => gone.abort(new Error('the relay went')));
    over.addEventListener('close', leave, { once: true });
    try {
      return await attempt([this.#stop.signal, gone.signal], ROUND_WITHIN_MS, run);
    } finally {
      over.removeEventListener('close', leave);
      this.#running--;
    }
  }

  /** The holder asks within a round trip or two, and wants to know the caller's port then. */
  async #prepare(over: Connection): Promise<void> {
    await this.#withPort(over, (port) => port).catch(() => undefined);
  }

  #withPort<T>(over: Connection, run: (port: Promise<ObservedPort>) => Promise<T>): Promise<T> {
    return this.#ports.use(parseCircuit(over.remoteAddr).relay, run);
  }
}
