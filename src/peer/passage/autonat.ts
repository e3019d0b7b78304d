/**
 * AutoNAT of libp2p, /libp2p/autonat/1.0.0: can this peer be called?
 *
 * Participants: a peer that asks, and one that calls back. One stream, one question, one answer, each
 * protobuf behind its length. Non-goal: to be believed. A wrong answer costs a reservation, or one less.
 *
 *     DIAL           the asker's PeerId and addresses
 *     DIAL_RESPONSE  a status, and the address that answered
 *
 * Who calls back calls the asker's own host alone, as it sees it: whoever asks names no third parties. It
 * calls a few addresses, seldom for one host, and within the dial budget.
 */
import type { Connection, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { decodeAddresses, tryParseAddress, withoutPeer } from '../address/peer-address.ts';
import { ipOf } from '../address/scope.ts';
import { encodeFields } from '../circuit/fields.ts';
import { converse } from '../circuit/message-stream.ts';
import type { Node } from '../node/node.ts';
import { Quota } from '../node/quota.ts';

export const AUTONAT_PROTOCOL = '/libp2p/autonat/1.0.0';

const TYPE = { dial: 0, response: 1 } as const;
const STATUS = { ok: 0, dialError: 100, dialRefused: 101, badRequest: 200 } as const;

/** Chosen: a host that drops packets is one that cannot be called; a SYN is repeated after a second. */
const CALL_WITHIN_MS = 3000;
const ANSWER_WITHIN_MS = 12_000;
/** Addresses called for one question. Chosen. */
const MOST_ADDRESSES = 2;
/** Questions of one host: at once, and one more after so long. Chosen: the peers behind one NAT. */
const MOST_QUESTIONS = 16;
const ONE_MORE_MS = 5000;

/**
 * Asks a peer to call this one back.
 *
 * @param addresses those that it may try
 * @returns undefined if it cannot tell
 * @throws libp2p's error if it speaks no AutoNAT
 */
export async function askCallBack(
  node: Node,
  connection: Connection,
  addresses: readonly Multiaddr[],
): Promise<boolean | undefined> {
  return attempt([], ANSWER_WITHIN_MS, async (signal) => {
    const stream = await connection.newStream(AUTONAT_PROTOCOL, { signal });
    return converse(stream, async (messages) => {
      const id = node.peerId.toMultihash().bytes;
      const addrs = addresses.map(({ bytes }) => [2, bytes] as const);
      const peer = encodeFields([[1, id], ...addrs]);
      const dial = encodeFields([[1, peer]]);
      await messages.write(
        encodeFields([
          [1, TYPE.dial],
          [2, dial],
        ]),
        signal,
      );
      const answer = await messages.read(signal);
      await stream.close({ signal });
      const status = answer.message(3)?.number(1);
      if (status === STATUS.ok) return true;
      return status === STATUS.dialError ? false : undefined;
    });
  });
}

/** Calls back who asks. */
export class CallBacks {
  readonly #node: Node;
  readonly #quota: Quota;

  constructor(node: Node, clock: Clock) {
    this.#node = node;
    this.#quota = new Quota(clock, MOST_QUESTIONS, ONE_MORE_MS);
  }

  async answer(stream: Stream, connection: Connection): Promise<void> {
    const answered = converse(stream, (messages) =>
      attempt([], ANSWER_WITHIN_MS, async (signal) => {
        const message = await messages.read(signal);
        const named = message.message(2)?.message(1)?.all(2) ?? [];
        const status = await this.#statusOf(connection, named, signal);
        await messages.write(
          encodeFields([
            [1, TYPE.response],
            [3, encodeFields([[1, status]])],
          ]),
          signal,
        );
        await stream.close({ signal });
      }),
    );
    // Who asked is gone, or made no sense.
    await answered.catch(() => undefined);
  }

  async #statusOf(
    connection: Connection,
    named: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<number> {
    const host = ipOf(connection.remoteAddr);
    if (!connection.direct || host === undefined) return STATUS.dialRefused;
    const addresses = addressesAt(host, named);
    if (addresses.length === 0) return STATUS.badRequest;
    if (!this.#quota.take(host)) return STATUS.dialRefused;
    const targets = addresses.map((address) =>
      multiaddr(`${address}/p2p/${connection.remotePeer}`),
    );
    try {
      const call = (within: AbortSignal) =>
        this.#node.dial(targets, { force: true, signal: within });
      const back = await attempt([signal], CALL_WITHIN_MS, call);
      await back.close();
      return STATUS.ok;
    } catch {
      return STATUS.dialError;
    }
  }
}

/** What lies on that host, without a PeerId. */
function addressesAt(host: string, named: readonly Uint8Array[]): string[] {
  const parsed = decodeAddresses(named.slice(0, 4 * MOST_ADDRESSES))
    .map(tryParseAddress)
    .filter((each) => each && !each.isRelayed);
  const there = parsed.filter((each) => each && ipOf(each.multiaddr) === host);
  const hosts = there.flatMap((each) => (each ? withoutPeer(each.multiaddr) : []));
  return [...new Set(hosts)].slice(0, MOST_ADDRESSES);
}

/**
 * Where others may be able to call: at the host that a peer sees, with the ports of the listeners. A
 * router that forwards a port forwards the same one as a rule.
 *
 * @throws HubswarmError ERR_REMOTE if what it sees is no host
 */
export function addressesSeen(node: Node, seen: Multiaddr): Multiaddr[] {
  const ip = ipOf(seen);
  if (ip === undefined) throw new HubswarmError('ERR_REMOTE', 'it sees no address');
  const family = ip.includes(':') ? 'ip6' : 'ip4';
  const ports = node.services.addresses.listened().flatMap((address) => {
    const [host, tcp] = address.getComponents();
    return host?.name === family && tcp?.value !== undefined ? [tcp.value] : [];
  });
  const texts = [...new Set(ports)].map((port) => `/${family}/${ip}/tcp/${port}`);
  return texts.slice(0, MOST_ADDRESSES).map((text) => multiaddr(text));
}
