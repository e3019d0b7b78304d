// Whom a swarm calls: candidates come in from the DHT, from neighbours and from
// connections that are open anyway; each is dialled, asked for an exchange stream,
// and tried again later when that fails. Bounded in what it remembers and in how
// many it calls at once. Candidates are untrusted: a dial proves who answers.
import type { Connection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { EXCHANGE_PROTOCOL } from '../exchange/message.ts';
import type { Node } from './node.ts';
import { tryParseAddress } from './peer-address.ts';
import { FrameStream } from './stream.ts';
import type { Swarm } from './swarm.ts';

/** Neighbours to call for; simulated, 10 in a swarm of 64 come within 2 % of a full mesh. */
const MOST_CALLED = 24;
/** Candidates remembered. */
const MOST_KNOWN = 512;
const MOST_AT_ONCE = 16;
const CALL_TIMEOUT_MS = 5000;
/** Wait before another try; doubled up to the second figure. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/**
 * Two peers that hear of each other at once would both call, and make two
 * connections at some 50 ms of CPU each. The greater PeerId leaves it to the smaller
 * one for so long.
 */
const YIELD_MS = 2000;

interface Candidate {
  readonly peer: string;
  dial: Multiaddr[] | PeerId;
  failures: number;
  calling: boolean;
  timer: NodeJS.Timeout | undefined;
}

export class Contacts {
  readonly #node: Node;
  readonly #self: string;
  readonly #swarm: Swarm;
  readonly #isBanned: (peer: string) => boolean;
  readonly #candidates = new Map<string, Candidate>();
  readonly #abort = new AbortController();
  #calling = 0;

  constructor(init: { node: Node; swarm: Swarm; isBanned: (peer: string) => boolean }) {
    this.#node = init.node;
    this.#self = init.node.peerId.toString();
    this.#swarm = init.swarm;
    this.#isBanned = init.isBanned;
  }

  /** Addresses somebody named; those without a PeerId are ignored. */
  hear(addresses: readonly string[]): void {
    for (const text of addresses) {
      const parsed = tryParseAddress(text);
      if (parsed?.peerId !== undefined) this.add(parsed.peerId, [parsed.multiaddr]);
    }
  }

  /** A candidate, to be dialled at these addresses or over a connection that is open. */
  add(peer: string, dial: Multiaddr[] | PeerId): void {
    if (peer === this.#self || this.#isBanned(peer) || this.#abort.signal.aborted) return;
    const known = this.#candidates.get(peer);
    if (known) {
      known.dial = dial;
      return;
    }
    if (this.#candidates.size >= MOST_KNOWN) return;
    const candidate: Candidate = { peer, dial, failures: 0, calling: false, timer: undefined };
    this.#candidates.set(peer, candidate);
    // Nobody to fetch from yet: calling at once beats calling once.
    const yields = this.#self > peer && this.#swarm.session.neighbourCount > 0;
    this.#callAfter(candidate, yields ? YIELD_MS : 0);
  }

  /** A neighbour left: it is called again after a while, if it should come back. */
  lost(peer: string): void {
    const candidate = this.#candidates.get(peer);
    if (candidate && !candidate.calling) this.#retry(candidate);
  }

  close(): void {
    this.#abort.abort();
    for (const { timer } of this.#candidates.values()) clearTimeout(timer);
  }

  #callAfter(candidate: Candidate, ms: number): void {
    clearTimeout(candidate.timer);
    candidate.timer = setTimeout(() => void this.#call(candidate), ms);
  }

  #retry(candidate: Candidate): void {
    const ms = Math.min(RETRY_MS * 2 ** candidate.failures++, LONGEST_RETRY_MS);
    // A seed waits to be called; and enough neighbours are enough.
    if (!this.#abort.signal.aborted) this.#callAfter(candidate, ms);
  }

  async #call(candidate: Candidate): Promise<void> {
    const { peer } = candidate;
    if (candidate.calling || this.#swarm.session.isComplete || this.#isBanned(peer)) return;
    if (this.#swarm.has(peer)) {
      candidate.failures = 0;
      return;
    }
    if (this.#calling >= MOST_AT_ONCE || this.#swarm.session.neighbourCount >= MOST_CALLED) {
      return this.#callAfter(candidate, RETRY_MS);
    }
    candidate.calling = true;
    this.#calling++;
    try {
      await this.#open(candidate);
    } catch {
      // Gone, or it does not know the file: its own affair, asked again later.
      this.#retry(candidate);
    } finally {
      candidate.calling = false;
      this.#calling--;
    }
  }

  async #open({ peer, dial }: Candidate): Promise<void> {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    const connection: Connection = await this.#node.dial(dial, { signal });
    const opened = await connection.newStream(EXCHANGE_PROTOCOL, { signal });
    const stream = new FrameStream(opened, peer);
    const intake = this.#swarm.join({ stream, outbound: true });
    if (intake) stream.onData(intake);
  }
}
