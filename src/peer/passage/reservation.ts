// A place at a relay, over which others can call this peer: asked for, renewed at half its time, lost with
// the connection to the relay.
import type { Connection } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Cancel, Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { SCOPE } from '../../runtime/node/scope.ts';
import { decodeAddresses, withoutPeer } from '../address/peer-address.ts';
import { believe, scopeOf } from '../address/scope.ts';
import { overRelay } from '../circuit/circuit-address.ts';
import { untilExpiry } from '../circuit/expiry.ts';
import { converse } from '../circuit/message-stream.ts';
import { encodeReserve, HOP_PROTOCOL, meaningOf, STATUS } from '../circuit/messages.ts';

const ANSWER_WITHIN_MS = 10_000;
/** Bounds of the time until a reservation is renewed, whatever the relay says. Chosen. */
const SOONEST_MS = 30_000;
const LATEST_MS = 30 * 60_000;
/** Addresses that are told of one relay. Chosen: both families, and one of a LAN. */
const MOST_ADDRESSES = 3;

export class Reservation {
  readonly relay: string;
  /** Where others call this peer, without its own PeerId. */
  readonly addresses: readonly Multiaddr[];
  readonly #connection: Connection;
  readonly #clock: Timers;
  readonly #onLost: (reason: string) => void;
  #cancel: Cancel = () => {};
  #isOver = false;

  /** @throws HubswarmError ERR_REMOTE if the relay refuses; libp2p's error if it is none */
  static async make(
    connection: Connection,
    clock: Timers,
    onLost: (reason: string) => void,
  ): Promise<Reservation> {
    const granted = await ask(connection);
    const reservation = new Reservation(connection, clock, onLost, granted.addresses);
    const lost = guarded('losing a relay', () => reservation.#lose('the connection ended'));
    connection.addEventListener('close', lost, { once: true });
    reservation.#renewAfter(granted.ms);
    if (connection.status !== 'open') throw new HubswarmError('ERR_REMOTE', 'it hung up');
    return reservation;
  }

  private constructor(
    connection: Connection,
    clock: Timers,
    onLost: (reason: string) => void,
    told: readonly string[],
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onLost = onLost;
    this.relay = `${connection.remotePeer}`;
    this.addresses = addressesOver(connection, told);
  }

  /** Is not renewed any more; the relay forgets it. */
  end(): void {
    this.#isOver = true;
    this.#cancel();
  }

  #lose(reason: string): void {
    if (this.#isOver) return;
    this.end();
    this.#onLost(reason);
  }

  #renewAfter(ms: number): void {
    const wait = Math.min(Math.max(ms / 2, SOONEST_MS), LATEST_MS);
    this.#cancel = this.#clock.after(wait, 'renewing a reservation', () =>
      unawaited('renewing a reservation', this.#renew()),
    );
  }

  async #renew(): Promise<void> {
    try {
      const { ms } = await ask(this.#connection);
      if (!this.#isOver) this.#renewAfter(ms);
    } catch (error) {
      this.#lose(describeError(error));
    }
  }
}

async function ask(connection: Connection): Promise<{ ms: number; addresses: string[] }> {
  return attempt([], ANSWER_WITHIN_MS, async (signal) => {
    const stream = await connection.newStream(HOP_PROTOCOL, { signal });
    return converse(stream, async (messages) => {
      await messages.write(encodeReserve(), signal);
      const answer = await messages.read(signal);
      const status = answer.number(5);
      if (status !== STATUS.ok) throw new HubswarmError('ERR_REMOTE', meaningOf(status));
      await stream.close({ signal });
      const granted = answer.message(3);
      const ms = untilExpiry(granted?.number(1) ?? 0);
      return { ms, addresses: decodeAddresses(granted?.all(2) ?? []) };
    });
  });
}

/** The relay's address as this peer reached it, and those of that scope or a wider one that it names. */
function addressesOver(connection: Connection, told: readonly string[]): Multiaddr[] {
  const { remotePeer, remoteAddr, direction } = connection;
  const scope = scopeOf(remoteAddr) ?? SCOPE.everywhere;
  const reached = direction === 'outbound' ? [remoteAddr] : [];
  const named = believe(told, scope).map(({ multiaddr: address }) => address);
  const hosts = [...reached, ...named].map(withoutPeer);
  return [...new Set(hosts)]
    .slice(0, MOST_ADDRESSES)
    .map((host) => overRelay(multiaddr(`${host}/p2p/${remotePeer}`)));
}
