// Remembers which unfinished upload belongs to which file, from one run of the client to the next:
// `$XDG_STATE_HOME/hubswarm/uploads/<hash of file, version and target>.json`. Replaced in one step;
// a lost or damaged one only costs the bytes that were sent. The URL of an upload lets whoever
// knows it write to it: nobody else may read this.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { showUrl } from '../http/url.ts';

/** Chosen: hubs keep unfinished uploads for a day by default. */
const FORGET_AFTER_MS = 7 * 24 * 3_600_000;

const schema = z.object({ upload: z.url() });

export class UploadMemory {
  readonly #directory: string;
  readonly #path: string;

  /** @param facts what identifies the upload: the file's version, the target */
  constructor(facts: readonly (string | number | boolean)[]) {
    this.#directory = join(stateHome(), 'hubswarm', 'uploads');
    const name = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
    this.#path = join(this.#directory, `${name}.json`);
  }

  /** @returns the URL, without credentials */
  async load(): Promise<URL | undefined> {
    try {
      return new URL(schema.parse(JSON.parse(await readFile(this.#path, 'utf8'))).upload);
    } catch {
      return undefined;
    }
  }

  /** Saves the upload's URL without its credentials. If the disk refuses, the upload goes on without. */
  async save(upload: URL): Promise<void> {
    const temporary = `${this.#path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, JSON.stringify({ upload: showUrl(upload) }), { mode: 0o600 });
      await rename(temporary, this.#path);
      await this.#forgetOld();
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  async #forgetOld(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      const { mtimeMs } = await stat(path);
      if (Math.abs(Date.now() - mtimeMs) > FORGET_AFTER_MS) await rm(path, { force: true });
    }
  }
}

/** XDG Base Directory Specification: a relative value must be ignored. */
function stateHome(): string {
  const given = process.env.XDG_STATE_HOME;
  return given && isAbsolute(given) ? given : join(homedir(), '.local', 'state');
}
