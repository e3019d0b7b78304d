// What Node.js and browsers do each in their own way, as one port. `#platform` names its
// implementation: src/package.json leads to node/ under Node.js and to web/ elsewhere, so that
// rooms which import it load in both. Keep it small: what both have (Uint8Array, AbortSignal,
// setTimeout, performance) needs no port.

export interface Platform {
  /** The sha2-256 of the parts, one after the other: 32 bytes, the caller's to keep. */
  sha256(parts: readonly Uint8Array[]): Uint8Array;
  /** Memory for a large read, with whatever was in it before. */
  allocate(bytes: number): Uint8Array<ArrayBuffer>;
  /** Calls back once I/O that is due has been handled. A failure is told under `what`. */
  soon(what: string, run: () => void): void;
  /** Lets the process end before the timer fires, where there is a process to end. */
  unref(timer: ReturnType<typeof setTimeout>): void;
  /** Lifts the number of listeners from which on a leak is suspected. */
  allowListeners(target: EventTarget): void;
}
