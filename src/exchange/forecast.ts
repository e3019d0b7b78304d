// When the uplink will be through with what is bound to it. A turn offered much
// earlier binds a piece, and a receiver, that may not be the best ones by the time
// it is sent; one offered later leaves the uplink idle.

export class UplinkForecast {
  #bytesPerMs = Number.POSITIVE_INFINITY;
  #boundBytes = 0;
  #freeAt = Number.NEGATIVE_INFINITY;

  /** The link's cap in bytes per second; Infinity when it has none. */
  setCap(bytesPerSecond: number): void {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Bytes that are to be sent behind all others. */
  noteBound(now: number, bytes: number): void {
    this.#boundBytes += bytes;
    this.#freeAt = Math.max(this.#freeAt, now) + this.msToSend(bytes);
  }

  /** The foremost of them were handed to the network. */
  noteSent(now: number, bytes: number): void {
    this.#boundBytes -= bytes;
    this.#freeAt = now + this.msToSend(this.#boundBytes);
  }

  /** Some of them need not be sent any more. */
  noteDropped(bytes: number): void {
    this.#boundBytes -= bytes;
    this.#freeAt -= this.msToSend(bytes);
  }

  /** When all that is bound has left, as far as one knows; in the past when nothing is. */
  get freeAt(): number {
    return this.#freeAt;
  }

  /** 0 without a cap: then only the number of open turns is bounded. */
  msToSend(bytes: number): number {
    return bytes / this.#bytesPerMs;
  }
}
