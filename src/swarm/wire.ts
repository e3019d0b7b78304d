/** One open exchange stream, whatever carries it: libp2p, or memory in tests. */
export interface Wire {
  /** The PeerId at the other end. */
  readonly remote: string;
  /** Must be called at once. Chunks come in order and are the handler's to keep; none after close(). */
  onData(handler: (chunk: Uint8Array) => void): void;
  /**
   * Each handler is called once, with 'closed', 'reset' (by the remote), the reason given
   * here, or an error's text.
   */
  onEnd(handler: (reason: string) => void): void;
  /** Never blocks. Keeps the parts until drained: until then they are no longer the caller's. */
  send(parts: readonly Uint8Array[]): void;
  /** Whether what was sent still waits to leave: sending more makes no sense now. */
  readonly congested: boolean;
  /** Resolves once not congested, or ended; rejects with the signal's reason. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Sends what is left, then ends. */
  close(reason?: string): void;
  /** Ends at once and tells the remote by a reset. */
  abort(reason: string): void;
}
