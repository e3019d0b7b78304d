// /healthz: the process lives and its event loop turns. /readyz: it should be sent
// requests now; the reason why not is one word. Both are asked every second or so by
// balancers, so they come before limits and logins, and tell nothing but that.
import type { Root } from '../../root/root.ts';
import type { Traffic } from '../conversation/traffic.ts';

/** Balancers ask side by side; the root is asked once. */
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
