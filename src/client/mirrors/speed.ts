// How fast one connection delivers while it is asked for something; the last
// second weighs most, so that a mirror that slows down is known for it soon. Pure.

/** Chosen: long enough to even out bursts, short enough to follow a change. */
const MEMORY_MS = 1000;
/** Less time than this tells nothing: what the kernel had already comes at once. */
const KNOWN_AFTER_MS = 5;

export class Speed {
  #bytes = 0;
  #ms = 0;
  #at = 0;

  /** A request is sent; the time since the last one was not its fault. */
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

  /** Of what was noted; undefined when that is too little. */
  get bytesPerSecond(): number | undefined {
    return this.#ms < KNOWN_AFTER_MS ? undefined : (this.#bytes * 1000) / this.#ms;
  }
}
