// Keeps a hub's content up to date: what the catalogue learns is added, what the watch of the root
// tells is taken back or hashed again, one file after another.
import type { Catalogue } from '../hub/catalogue/catalogue.ts';
import type { Change, Located } from '../root/root.ts';
import { unawaited } from '../runtime/guarded.ts';
import type { HubContent } from './hub-content.ts';

type Content = Pick<HubContent, 'set' | 'remove'>;

export class Changes {
  readonly #catalogue: Catalogue;
  readonly #content: Content;
  /** Versions to be hashed, by place. */
  readonly #waiting = new Map<string, Located>();
  #isRunning = false;

  constructor(catalogue: Catalogue, content: Content) {
    this.#catalogue = catalogue;
    this.#content = content;
    catalogue.watch((entry) => content.set(entry));
  }

  handleChange({ segments, found }: Change): void {
    if (!found) return this.#content.remove(segments, 'removed');
    const known = this.#catalogue.known(found);
    if (known) return this.#content.set(known);
    this.#content.remove(found.place, 'changed');
    if (found.version.kind !== 'file') return;
    this.#waiting.set(found.place.join('/'), found);
    if (!this.#isRunning) unawaited('hashing what has changed', this.#run());
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const [place, found] of this.#waiting) {
      this.#waiting.delete(place);
      // It may be changing still: the watch tells of it again.
      await this.#catalogue.entryOf(found).catch(() => undefined);
    }
    this.#isRunning = false;
  }
}
