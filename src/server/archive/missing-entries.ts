// What an archive should hold and does not: entries that cannot be read, and second names of a
// directory. The archive ends with a list of them, so that nobody takes it for all there is.
import type { Version } from '../../root/root.ts';
import type { ArchiveEntry } from './archive-entry.ts';

/** Most lines of the list. Chosen: some 100 KB. */
const MAX_LINES = 1000;

export class MissingEntries {
  readonly #lines: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The first of them, for a log. */
  get first(): string {
    return this.#lines[0] ?? '';
  }

  note(path: string, reason: string): void {
    this.#count += 1;
    if (this.#lines.length < MAX_LINES) this.#lines.push(`${path}: ${reason}`);
  }

  /** The same entries, and then the list if anything is missing: beside the top, so no name is taken. */
  async *with(entries: AsyncGenerator<ArchiveEntry>, top: string): AsyncGenerator<ArchiveEntry> {
    let version: Version | undefined;
    for await (const entry of entries) {
      version ??= entry.version;
      yield entry;
    }
    if (this.#count === 0) return;
    const bytes = this.#list();
    yield {
      path: `${top}.missing.txt`,
      version: { ...version!, kind: 'file', size: bytes.length, executable: false },
      chunks: async function* () {
        yield bytes;
      },
    };
  }

  #list(): Uint8Array {
    const more = this.#count - this.#lines.length;
    const lines = [`Missing in this archive: ${this.#count}`, ...this.#lines];
    if (more > 0) lines.push(`... and ${more} more`);
    return Buffer.from(`${lines.join('\n')}\n`);
  }
}
