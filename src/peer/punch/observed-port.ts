// A fresh port of this machine, and where others see it. While a connection from it to a relay stands, the
// NAT keeps its address outside, which most NATs give to all that leaves this port (RFC 4787: endpoint-
// independent mapping). Nobody listens at it, so on one port several connections may be made at once.
import { randomInt } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Timers } from '../../runtime/clock.ts';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Node } from '../node/node.ts';

/** Ports that systems do not give out by themselves, as a rule. */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 4;

/** A port is kept for so long after its last use. Chosen: the next round, or the next peer. */
const KEPT_MS = 3000;
const OBSERVED_WITHIN_MS = 6000;

export interface ObservedPort {
  readonly port: number;
  /** Where the relay sees it, without a PeerId. */
  readonly seen: Multiaddr;
}

interface Kept {
  readonly port: Promise<ObservedPort>;
  over: Connection | undefined;
  users: number;
}

/** One port for each relay: it can meet many peers at once. */
export class ObservedPorts {
  readonly #node: Node;
  readonly #clock: Timers;
  readonly #kept = new Map<string, Kept>();

  constructor(node: Node, clock: Timers) {
    this.#node = node;
    this.#clock = clock;
  }

  /**
   * Runs something with the port, which the NAT keeps until it has ended.
   *
   * @param relay by number, with /p2p/; @throws as a dial of the relay, HubswarmError ERR_REMOTE; as `run`
   */
  async use<T>(relay: Multiaddr, run: (port: Promise<ObservedPort>) => Promise<T>): Promise<T> {
    const key = `${relay}`;
    const kept = this.#kept.get(key) ?? this.#observe(relay);
    this.#kept.set(key, kept);
    kept.users++;
    try {
      return await run(kept.port);
    } finally {
      kept.users--;
      this.#clock.after(KEPT_MS, 'letting a port go', () => this.#letGo(key, kept));
    }
  }

  #letGo(key: string, kept: Kept): void {
    if (kept.users > 0) return;
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    kept.over?.abort(new Error('the port was observed'));
  }

  #observe(relay: Multiaddr): Kept {
    const port = attempt([], OBSERVED_WITHIN_MS, async (signal) => {
      const [own, over] = await this.#callFrom(relay, signal);
      kept.over = over;
      over.addEventListener(
        'close',
        guarded('losing a port', () => this.#forget(relay, kept)),
      );
      const { observedAddr } = await this.#node.services.identify.identify(over, { signal });
      if (!observedAddr)
        throw new HubswarmError('ERR_REMOTE', 'the relay says not where it sees us');
      return { port: own, seen: observedAddr };
    });
    const kept: Kept = { port, over: undefined, users: 0 };
    // Whoever uses it gets the failure, and the next one tries again.
    port.catch(guarded('losing a port', () => this.#forget(relay, kept)));
    return kept;
  }

  #forget(relay: Multiaddr, kept: Kept): void {
    if (this.#kept.get(`${relay}`) === kept) this.#kept.delete(`${relay}`);
  }

  async #callFrom(relay: Multiaddr, signal: AbortSignal): Promise<[number, Connection]> {
    for (let left = TRIES - 1; ; left--) {
      const port = randomInt(FIRST, LAST);
      try {
        const from = { localPort: port, isInitiator: true, signal };
        return [port, await this.#node.services.fromPort.dial(relay, from)];
      } catch (error) {
        if (left === 0 || systemCode(error) !== 'EADDRINUSE') throw error;
      }
    }
  }
}
