// When the uplink will have sent all that is bound to it. A grant that is offered much
// earlier binds a piece and a receiver that may not be the best ones when the piece is
// sent. A grant that is offered later leaves the uplink idle.

export class UplinkForecast {
  #bytesPerMs = Number.POSITIVE_INFINITY;
  #boundBytes = 0;
  #freeAt = Number.NEGATIVE_INFINITY;

  /** The link's cap in bytes per second; Infinity when it has none. */
  setCap(bytesPerSecond: number): void {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** A piece of so many bytes was bound: it is sent after all others. */
  noteBound(now: number, bytes: number): void {
    this.#boundBytes += bytes;
    this.#freeAt = Math.max(this.#freeAt, now) + this.msToSend(bytes);
  }

  /** The first so many bound bytes were handed to the network. */
  noteSent(now: number, bytes: number): void {
    this.#boundBytes -= bytes;
    this.#freeAt = now + this.msToSend(this.#boundBytes);
  }

  /** So many bound bytes need not be sent any more. */
  noteDropped(bytes: number): void {
    this.#boundBytes -= bytes;
    this.#freeAt -= this.msToSend(bytes);
  }

  /** The estimated time at which all bound bytes have left; in the past if none are bound. */
  get freeAt(): number {
    return this.#freeAt;
  }

  /** Milliseconds to send so many bytes. 0 without a cap: then only the window bounds grants. */
  msToSend(bytes: number): number {
    return bytes / this.#bytesPerMs;
  }
}
