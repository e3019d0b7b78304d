// Cuts what comes from a socket into lines; its reader bounds what waits. Pure: no socket in it.

export class Lines {
  readonly #decoder = new TextDecoder();
  #rest = '';

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
  }

  /** Characters that came and were not taken. */
  get waiting(): number {
    return this.#rest.length;
  }

  /** The next whole line without its end; undefined as long as it has none. */
  take(): string | undefined {
    const end = this.#rest.indexOf('\n');
    if (end < 0) return undefined;
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return line.trim();
  }

  /** What came after the last end of a line: the last line of an input that is over. */
  last(): string {
    const line = this.#rest.trim();
    this.#rest = '';
    return line;
  }
}
