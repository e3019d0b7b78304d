// /healthz: the process lives and its event loop turns. /readyz: the hub should get requests now;
// if not, one word says why. Balancers ask both every second or so, so they come before limits and
// tokens, and tell nothing else.
import type { Root } from '../../root/root.ts';
import type { Traffic } from '../conversation/traffic.ts';

/** How long an answer holds: several balancers ask, the disk is asked once. */
const CHECKED_FOR_MS = 1000;

export type Readiness = 'ready' | 'draining' | 'root unreadable';

export class Health {
  readonly #root: Pick<Root, 'isReadable'>;
  readonly #traffic: Traffic;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #check: Promise<boolean> = Promise.resolve(true);

  constructor(root: Pick<Root, 'isReadable'>, traffic: Traffic) {
    this.#root = root;
    this.#traffic = traffic;
  }

  async readiness(): Promise<Readiness> {
    if (this.#traffic.draining) return 'draining';
    const now = performance.now();
    if (now - this.#checkedAt >= CHECKED_FOR_MS) {
      this.#checkedAt = now;
      this.#check = this.#root.isReadable();
    }
    return (await this.#check) ? 'ready' : 'root unreadable';
  }
}
