// One attempt of two peers behind NATs to connect to each other directly (messages.ts), for either side.
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { withoutPeer } from '../address/peer-address.ts';
import { believe, scopeOfPeer } from '../address/scope.ts';
import { converse, MessageStream } from '../circuit/message-stream.ts';
import type { Node } from '../node/node.ts';
import { addressesIn, encodeConnect, encodeSync, PUNCH_PROTOCOL, TYPE } from './messages.ts';
import type { ObservedPort } from './observed-port.ts';

/** Addresses that are called of those that the other end names. Chosen: of either family one. */
const MOST_ADDRESSES = 2;
/** Calls of one address: the dial budget allows so many in a row. */
const CALLS = 3;
/** A SYN is repeated after a second. */
const CALL_WITHIN_MS = 1600;
/** A router that refuses a stranger's SYN, in place of dropping it, ends a call at once. Chosen. */
const CALL_AGAIN_MS = 150;

interface Side {
  readonly node: Node;
  readonly clock: Clock;
  /** The connection over the relay. */
  readonly over: Connection;
  readonly signal: AbortSignal;
}

/** As the holder. @throws HubswarmError ERR_REMOTE; libp2p's or the system's error; the signal's reason */
export async function punch(side: Side, port: Promise<ObservedPort>): Promise<Connection> {
  const { clock, over, signal } = side;
  const own = await port;
  const stream = await over.newStream(PUNCH_PROTOCOL, { signal });
  return converse(stream, async (messages) => {
    const askedAt = clock.now();
    await messages.write(encodeConnect(own.seen), signal);
    const targets = targetsIn(addressesIn(await messages.read(signal)), over);
    const halfRoundTrip = (clock.now() - askedAt) / 2;
    await messages.write(encodeSync(), signal);
    await stream.close({ signal });
    await clock.sleep(halfRoundTrip, signal);
    return callAll(side, targets, own.port, false);
  });
}

/** As the caller, who is asked by the holder. @throws as punch() */
export async function answerPunch(
  side: Side,
  stream: Stream,
  port: Promise<ObservedPort>,
): Promise<Connection> {
  const { over, signal } = side;
  const messages = new MessageStream(stream);
  const targets = targetsIn(addressesIn(await messages.read(signal)), over);
  const own = await port;
  await messages.write(encodeConnect(own.seen), signal);
  const sync = await messages.read(signal);
  if (sync.number(1) !== TYPE.sync) throw new HubswarmError('ERR_REMOTE', 'sent no SYNC');
  return callAll(side, targets, own.port, true);
}

/** What the other end may name, by the rule for all remotes. @throws HubswarmError ERR_REMOTE */
function targetsIn(told: readonly string[] | undefined, over: Connection): Multiaddr[] {
  const believed = believe((told ?? []).slice(0, 4 * MOST_ADDRESSES), scopeOfPeer([over]));
  const direct = believed.filter(({ isRelayed }) => !isRelayed).slice(0, MOST_ADDRESSES);
  if (direct.length === 0) throw new HubswarmError('ERR_REMOTE', 'it named no address to meet at');
  return direct.map(({ multiaddr: address }) => towards(address, over.remotePeer));
}

const towards = (address: Multiaddr, peer: PeerId): Multiaddr =>
  multiaddr(`${withoutPeer(address)}/p2p/${peer}`);

/** Resolves with the first connection; further calls end. */
async function callAll(
  side: Side,
  targets: readonly Multiaddr[],
  port: number,
  isInitiator: boolean,
): Promise<Connection> {
  const others = new AbortController();
  try {
    return await attempt([side.signal, others.signal], undefined, (signal) =>
      Promise.any(targets.map((target) => call({ ...side, signal }, target, port, isInitiator))),
    );
  } catch (cause) {
    side.signal.throwIfAborted();
    throw new HubswarmError('ERR_REMOTE', 'no call came through the routers', { cause });
  } finally {
    others.abort(new Error('another address answered'));
  }
}

async function call(
  { node, clock, signal }: Side,
  target: Multiaddr,
  localPort: number,
  isInitiator: boolean,
): Promise<Connection> {
  for (let left = CALLS - 1; ; left--) {
    try {
      return await attempt([signal], CALL_WITHIN_MS, (within) =>
        node.services.fromPort.dial(target, { localPort, isInitiator, signal: within }),
      );
    } catch (error) {
      if (left === 0 || signal.aborted) throw error;
      await clock.sleep(CALL_AGAIN_MS, signal);
    }
  }
}
