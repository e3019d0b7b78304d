import type { NeighbourKind } from '../exchange/neighbour/neighbour.ts';

/** One open exchange stream, whatever carries it: libp2p, HTTP, or memory in tests. */
export interface Wire {
  /** The PeerId at the other end, or the URL of a web seed. */
  readonly remote: string;
  /** Whether the remote understands `withdraw`: exchange 1.1.0 and later. */
  readonly withdraws?: boolean;
  /** Set if the remote is a server, and no peer. */
  readonly webSeed?: NeighbourKind['webSeed'];
  /**
   * Sets the handler of chunks. Must be called at once. Chunks come in order and belong to the
   * handler; none comes after close().
   */
  onData(handler: (chunk: Uint8Array) => void): void;
  /**
   * Sets a handler of the end. Each is called once, with 'closed', 'reset' (by the remote), the
   * reason given here, or an error's text.
   */
  onEnd(handler: (reason: string) => void): void;
  /** Sends the parts, and never blocks. The parts belong to the wire until it has drained. */
  send(parts: readonly Uint8Array[]): void;
  /** Whether sent bytes still wait to leave: sending more makes no sense now. */
  readonly congested: boolean;
  /** Resolves once not congested, or ended; rejects with the signal's reason. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Sends the remaining bytes, then ends. */
  close(reason?: string): void;
  /** Ends at once, and tells the remote by a reset. */
  abort(reason: string): void;
}
