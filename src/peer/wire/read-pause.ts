// Decides for how long a socket need not be read. A Noise message is of no use before its last byte
// is here, but a slow link delivers it in dozens of packets, and each read costs a wake-up. So while
// much of a message is missing, reading rests for about as long as the link takes to bring it.

/** Less than this is worth no pause: two packets. Chosen. */
const LEAST_MISSING = 4096;
/** A link that fills reads so far wakes us seldom enough. Measured: pauses then cost speed. */
const FULL_READ = 16 * 1024;
/** Shorter pauses save nothing, longer ones delay what follows on a link that became faster. Chosen. */
const SHORTEST_MS = 2;
const LONGEST_MS = 25;
/** A pause ends when so much of what is missing should be here: the rest shows how good a guess it was. */
const AIM = 0.9;
/** The rate is that of about so long. Chosen. */
const MEMORY_MS = 100;

export class ReadPause {
  /** Bytes that arrived within messages, and how long that took. */
  #bytes = 0;
  #ms = 0;
  #lastAt = 0;
  #missing = 0;
  #rested = false;

  /**
   * Must be called after each read.
   *
   * @param now milliseconds of a clock that never steps back
   * @param bytes how many were read
   * @param missing bytes of the message that has begun; 0 between messages
   * @returns milliseconds for which not to read; 0 to read on
   */
  noteRead(now: number, bytes: number, missing: number): number {
    // The time before a message begins is the sender's, not the link's.
    if (this.#missing > 0) this.#noteArrival(bytes, now - this.#lastAt);
    this.#lastAt = now;
    this.#missing = missing;
    const ms = this.#pauseFor(bytes);
    this.#rested = ms > 0;
    return ms;
  }

  #pauseFor(bytes: number): number {
    if (this.#missing < LEAST_MISSING || bytes >= FULL_READ || this.#ms < 1) return 0;
    const ms = (AIM * this.#missing * this.#ms) / Math.max(1, this.#bytes);
    return ms < SHORTEST_MS ? 0 : Math.min(ms, LONGEST_MS);
  }

  #noteArrival(bytes: number, ms: number): void {
    this.#bytes += bytes;
    // When all was here before the pause ended, the link is faster by who knows how much.
    const isLate = this.#rested && bytes >= this.#missing;
    this.#ms += isLate ? ms / 2 : ms;
    if (this.#ms < MEMORY_MS) return;
    const kept = MEMORY_MS / 2 / this.#ms;
    this.#bytes *= kept;
    this.#ms *= kept;
  }
}
