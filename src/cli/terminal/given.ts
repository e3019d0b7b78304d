// What a hub or peer has given to others: on a terminal a live line while nothing else is
// drawn there, and the sum at its end. Payload alone counts, as in `link_counted`.
import type { LiveLine } from '../../runtime/node/live-line.ts';
import type { Event } from '../../telemetry/event.ts';
import { bytes } from './bytes.ts';

/** How often the rate is taken, milliseconds. */
const EVERY_MS = 1000;

export class Given {
  readonly #line: LiveLine;
  #role: 'server' | 'peer' | undefined;
  #sentBytes = 0;
  #receivedBytes = 0;
  /** What had been sent when the rate was last taken. */
  #seenBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** False while the line is a progress bar's. */
  idle = true;

  constructor(line: LiveLine) {
    this.#line = line;
  }

  hear(event: Event): void {
    if (event.event === 'listening') this.#role = event.role;
    if (event.event !== 'link_counted' || this.#role === undefined) return;
    this.#sentBytes = event.sentBytes;
    this.#receivedBytes = event.receivedBytes;
    if (!this.#line.live || this.#sentBytes === 0) return;
    this.#timer ??= setInterval(() => this.#draw(), EVERY_MS).unref();
  }

  /** For the last line: `; gave 3 MiB, took 1 MiB`. Empty where nobody was served. */
  total(): string {
    if (this.#role === undefined) return '';
    const [gave, took] = this.#words();
    return `; ${gave} ${bytes(this.#sentBytes)}, ${took} ${bytes(this.#receivedBytes)}`;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.idle) this.#line.draw('');
  }

  #words(): readonly [string, string] {
    return this.#role === 'peer' ? ['gave', 'took'] : ['sent', 'received'];
  }

  #draw(): void {
    const now = this.#sentBytes - this.#seenBytes;
    this.#seenBytes = this.#sentBytes;
    if (!this.idle) return;
    const rate = now > 0 ? `, ${bytes((now * 1000) / EVERY_MS)}/s now` : '';
    this.#line.draw(`${this.#words()[0]} ${bytes(this.#sentBytes)}${rate}`);
  }
}
