// The paths of a mirror that differ from its source. Each is named once, as soon as it is known,
// with its first reason, which explains later ones.
import { HubswarmError } from '../../runtime/errors.ts';
import type { Emit } from '../../telemetry/event.ts';

export class Differences {
  readonly #emit: Emit;
  readonly #reasons = new Map<string, string>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get count(): number {
    return this.#reasons.size;
  }

  has(path: string): boolean {
    return this.#reasons.has(path);
  }

  note(path: string, reason: string): void {
    if (this.#reasons.has(path)) return;
    this.#reasons.set(path, reason);
    this.#emit({ event: 'path_differed', path, reason });
  }

  /**
   * @param what how they differ, as in 'not as on the hub'
   * @throws HubswarmError ERR_INCOMPLETE if any path differs
   */
  check(place: string, what: string): void {
    const [first] = this.#reasons;
    if (!first) return;
    const [path, reason] = first;
    const which = this.count === 1 ? 'one path is' : `${this.count} paths are`;
    throw new HubswarmError('ERR_INCOMPLETE', `${place}: ${which} ${what}: ${path}: ${reason}`);
  }
}
