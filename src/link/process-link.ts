// The access link of a process. It has one owner, which makes it, hands it to what sends and
// receives (a hub, a peer, both), and closes it. What passes and what caps it are told as events.
import type { Emit } from '../telemetry/event.ts';
import { CountReporter } from './counts.ts';
import { LimitReporter } from './limits.ts';
import { type Caps, Link } from './link.ts';

export class ProcessLink extends Link {
  readonly #counts: CountReporter;
  readonly #limits: LimitReporter;

  constructor(emit: Emit, caps: Caps = {}) {
    const counts = new CountReporter(emit);
    super({ ...caps, onCount: counts.note });
    this.#counts = counts;
    this.#limits = new LimitReporter(emit);
  }

  /** Changes the caps as a person commanded, and reports them. */
  command(caps: Caps): void {
    this.limit(caps);
    this.#limits.report(this);
  }

  /** Reports an uplink's rate that was found, if it has changed enough. */
  noteFound(): void {
    this.#limits.noteFound(this);
  }

  /** Reports the final counts. */
  close(): void {
    this.#counts.close(this);
  }
}
