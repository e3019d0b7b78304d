import { encodeMessage, FrameDecoder } from '../../src/exchange/wire/codec.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import type { Wire } from '../../src/swarm/wire.ts';

/** One end of a stream in memory: what it is sent the other end reads at once, in order. */
export class MemoryWire implements Wire {
  readonly remote: string;
  /** How it ended; undefined while it is open. */
  end: string | undefined;
  /** What was sent from this end, decoded. */
  readonly sent: Message[] = [];
  /** How often something was sent from this end. */
  sends = 0;
  readonly #decoder = new FrameDecoder();
  #other!: MemoryWire;
  #handler: ((chunk: Uint8Array) => void) | undefined;
  #unread: Uint8Array[] = [];
  readonly #onEnd: ((reason: string) => void)[] = [];
  #held: Uint8Array[] | undefined;
  #drained: (() => void)[] = [];

  private constructor(remote: string) {
    this.remote = remote;
  }

  /** The ends that the two peers hold. */
  static pair(one: string, other: string): [MemoryWire, MemoryWire] {
    const ends: [MemoryWire, MemoryWire] = [new MemoryWire(other), new MemoryWire(one)];
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  onData(handler: (chunk: Uint8Array) => void): void {
    this.#handler = handler;
    for (const chunk of this.#unread.splice(0)) handler(chunk);
  }

  onEnd(handler: (reason: string) => void): void {
    this.#onEnd.push(handler);
    if (this.end !== undefined) this.#tellEnd();
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.end !== undefined) return;
    this.sends++;
    // The parts may be used again once this end is drained.
    const chunks = parts.map((part) => part.slice());
    for (const chunk of chunks) this.sent.push(...this.#decoder.push(chunk).messages);
    if (this.#held) this.#held.push(...chunks);
    else for (const chunk of chunks) this.#other.#read(chunk);
  }

  say(message: Message): void {
    this.send(encodeMessage(message));
  }

  get congested(): boolean {
    return this.#held !== undefined && this.end === undefined;
  }

  drained(signal?: AbortSignal): Promise<void> {
    if (!this.congested) return Promise.resolve();
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.#drained.push(resolve);
    });
  }

  /** The network takes nothing more from this end until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const chunk of held) this.#other.#read(chunk);
    for (const tell of this.#drained.splice(0)) tell();
  }

  close(reason = 'closed'): void {
    if (this.end !== undefined) return;
    this.release();
    this.#finish(reason);
    this.#other.#finish('closed');
  }

  abort(reason: string): void {
    this.#finish(reason);
    this.#other.#finish('reset');
  }

  /** Messages of one type that were sent from this end. */
  said<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.sent.filter(
      (message): message is Extract<Message, { type: T }> => message.type === type,
    );
  }

  #read(chunk: Uint8Array): void {
    if (this.end !== undefined) return;
    if (this.#handler) this.#handler(chunk);
    else this.#unread.push(chunk);
  }

  #finish(reason: string): void {
    if (this.end !== undefined) return;
    this.end = reason;
    for (const tell of this.#drained.splice(0)) tell();
    this.#tellEnd();
  }

  #tellEnd(): void {
    queueMicrotask(() => {
      for (const tell of this.#onEnd.splice(0)) tell(this.end!);
    });
  }
}
