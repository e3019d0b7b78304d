// How fast one connection delivers while something is requested from it. The last second weighs
// most, so a mirror that slows down is noticed soon. Pure.

/** Chosen: long enough to even out bursts, short enough to follow a change. */
const MEMORY_MS = 1000;
/** A shorter measurement is worthless: bytes that the kernel had already come at once. */
const KNOWN_AFTER_MS = 5;

export class Speed {
  #bytes = 0;
  #ms = 0;
  #at = 0;

  /** A request is sent. The idle time before it does not count. */
  begin(now: number): void {
    this.#at = now;
  }

  note(bytes: number, now: number): void {
    const elapsed = Math.max(0, now - this.#at);
    const kept = Math.exp(-elapsed / MEMORY_MS);
    this.#bytes = this.#bytes * kept + bytes;
    this.#ms = this.#ms * kept + elapsed;
    this.#at = now;
  }

  /** The measured rate; undefined if too little was measured. */
  get bytesPerSecond(): number | undefined {
    return this.#ms < KNOWN_AFTER_MS ? undefined : (this.#bytes * 1000) / this.#ms;
  }
}
