// The ids (jti) of revoked tokens, from a file with one id a line; `#` begins a comment. The file
// is examined every second, and read again after a change. A file that becomes unreadable is warned
// of, and its ids stay revoked.
import { type StatWatcher, unwatchFile, watchFile } from 'node:fs';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { readSmall } from '../../runtime/node/small-file.ts';
import type { Emit } from '../../telemetry/event.ts';

/** Chosen: a quarter of a million ids. */
const MAX_FILE_BYTES = 16 * 2 ** 20;
/**
 * Time between looks at the file. It is polled, since a watch would stay with the old file when an
 * editor replaces it.
 */
const LOOK_EVERY_MS = 1000;

export class RevokedTokens {
  readonly #path: string;
  readonly #emit: Emit;
  #ids: ReadonlySet<string>;
  readonly #onChange = guarded('reading revoked tokens', () => this.#reread());

  private constructor(path: string, emit: Emit, ids: ReadonlySet<string>) {
    this.#path = path;
    this.#emit = emit;
    this.#ids = ids;
    const watcher: StatWatcher = watchFile(path, { interval: LOOK_EVERY_MS }, this.#onChange);
    watcher.unref();
  }

  /** @throws HubswarmError when the file is missing or may not be read */
  static async open(path: string, emit: Emit): Promise<RevokedTokens> {
    return new RevokedTokens(path, emit, await readIds(path));
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  close(): void {
    unwatchFile(this.#path, this.#onChange);
  }

  async #reread(): Promise<void> {
    try {
      this.#ids = await readIds(this.#path);
    } catch (error) {
      this.#emit({
        event: 'warned',
        message: `${describeError(error)}; what it said before still holds`,
      });
    }
  }
}

async function readIds(path: string): Promise<ReadonlySet<string>> {
  const file = await readSmall(path, MAX_FILE_BYTES);
  if (!file) {
    throw new HubswarmError(
      'ERR_NOT_FOUND',
      `--revoked: ${path}: no such file, or none of revoked ids (one a line)`,
    );
  }
  const lines = file.text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return new Set(lines.filter((line) => line !== ''));
}
