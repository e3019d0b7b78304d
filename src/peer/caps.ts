// The caps of a peer's link: as a person set them, or the uplink's as the line carries it.
import type { Caps } from '../link/link.ts';
import type { ProcessLink } from '../link/process-link.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { UploadQueue } from '../swarm/upload-queue.ts';
import type { Node } from './node/node.ts';
import { UplinkTuner } from './node/uplink-tuner.ts';

interface PeerCapsInit {
  readonly node: Node;
  readonly link: ProcessLink;
  readonly clock: Timers;
  readonly uploads: UploadQueue;
  readonly swarms: Iterable<Swarm>;
}

export class PeerCaps {
  readonly #init: PeerCapsInit;
  #tuner: UplinkTuner | undefined;

  constructor(init: PeerCapsInit) {
    this.#init = init;
  }

  /** The uplink's cap for sessions: their window must not follow a rate that follows the queue. */
  get uplinkBytesPerSecond(): number {
    return this.#tuner ? Number.POSITIVE_INFINITY : this.#init.link.uplinkBytesPerSecond;
  }

  /** Changes the caps of the running link, for all files. */
  limit(caps: Caps): void {
    if (caps.uplinkBytesPerSecond !== undefined) this.close();
    this.#init.link.command(caps);
    this.#tellSwarms();
  }

  /** Lets the uplink's cap follow the rate that the line carries, from now on. */
  adapt(): void {
    if (this.#tuner) return;
    const { node, link, clock, uploads, swarms } = this.#init;
    this.#tuner = new UplinkTuner({
      node,
      link,
      clock,
      receivers: () => uploads.receivers,
      neighbours: () => [...swarms].flatMap(({ neighbours }) => [...neighbours]),
      onTuned: () => link.noteFound(),
    });
    this.#tellSwarms();
  }

  close(): void {
    this.#tuner?.close();
    this.#tuner = undefined;
  }

  #tellSwarms(): void {
    for (const swarm of this.#init.swarms) swarm.handleLimited();
  }
}
