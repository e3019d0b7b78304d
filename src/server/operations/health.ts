// /healthz: the process lives and its event loop turns. /readyz: it should be sent
// requests now; the reason why not is one word. Both are asked every second or so by
// balancers, so they come before limits and logins, and tell nothing but that.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Traffic } from '../conversation/traffic.ts';

/** Balancers ask side by side; the disk is asked once. */
const CHECKED_FOR_MS = 1000;

export type Readiness = 'ready' | 'draining' | 'root unreadable';

export class Health {
  readonly #root: string;
  readonly #traffic: Traffic;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #check: Promise<boolean> = Promise.resolve(true);

  constructor(root: string, traffic: Traffic) {
    this.#root = root;
    this.#traffic = traffic;
  }

  async readiness(): Promise<Readiness> {
    if (this.#traffic.draining) return 'draining';
    const now = performance.now();
    if (now - this.#checkedAt >= CHECKED_FOR_MS) {
      this.#checkedAt = now;
      this.#check = isReadable(this.#root);
    }
    return (await this.#check) ? 'ready' : 'root unreadable';
  }
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
