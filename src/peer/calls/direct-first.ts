// Over a relay that lets little pass the first pieces would end the circuit, and with it the punching
// that would have led to a direct connection. So an exchange waits there for that connection a moment.
import type { Connection } from '@libp2p/interface';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { guarded } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import { isNarrow } from '../circuit/narrow.ts';
import type { Node } from '../node/node.ts';

/** Within the time of a call; punching takes one second as a rule. */
const WAIT_MS = 3000;
/** Peers that are remembered, the latest: those that cannot be met are waited for once. Chosen. */
const MOST_VAIN = 256;

export class DirectFirst {
  readonly #node: Node;
  readonly #vain = new Set<string>();

  constructor(node: Node) {
    this.#node = node;
  }

  /** The connection to use in place of this one. @throws the signal's reason */
  async insteadOf(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const peer = `${connection.remotePeer}`;
    if (!isNarrow(connection) || this.#vain.has(peer)) return connection;
    const direct = await this.#untilDirect(peer, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (!direct) this.#noteVain(peer);
    return direct ?? connection;
  }

  #noteVain(peer: string): void {
    this.#vain.add(peer);
    forgetOldest(this.#vain, MOST_VAIN);
  }

  #untilDirect(peer: string, parent: AbortSignal): Promise<Connection> {
    return attempt([parent], WAIT_MS, (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Connection>();
      const look = ({ detail }: CustomEvent<Connection>): void => {
        if (detail.direct && `${detail.remotePeer}` === peer) resolve(detail);
      };
      const listen = { signal };
      this.#node.addEventListener('connection:open', guarded('meeting a peer', look), listen);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      return promise;
    });
  }
}
