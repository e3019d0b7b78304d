// Records what was downloaded to which place, so that the next `get` of the same need only ask
// whether it changed (RFC 9110 section 13.1.2). A record is only a hint. It is used if the file on
// disk still has its length, time and inode; a lost or malformed record costs one transfer. Each
// pair of URL and place has one small file, written aside and renamed; only the newest are kept.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { strongTag } from '../http/validator.ts';

const recordSchema = z.object({
  url: z.string(),
  path: z.string(),
  /** At least one of the two validators is present. */
  etag: z.string().max(1000).optional(),
  modified: z.string().max(100).optional(),
  bytes: z.number().int().nonnegative(),
  mtimeMs: z.number(),
  inode: z.number(),
});
type DownloadRecord = z.infer<typeof recordSchema>;

/** Chosen: under 1 MiB on disk. */
const MAX_RECORDS = 1000;
/** One write in so many checks whether there are too many records. */
const PRUNE_EVERY = 50;
const RECORD_NAME = /^[0-9a-f]{64}\.json$/;

export interface Known {
  readonly path: string;
  readonly bytes: number;
  /** Conditional headers to ask with. */
  readonly headers: Readonly<Record<string, string>>;
}

export class DownloadRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * @param url without credentials
   * @param output as the user gave it; undefined if not given
   */
  async find(url: string, output: string | undefined): Promise<Known | undefined> {
    const record = await this.#read(this.#fileOf(url, output));
    if (record?.url !== url) return undefined;
    const { path, bytes, etag, modified } = record;
    const found = await stat(path).catch(() => undefined);
    const same =
      found?.isFile() &&
      found.size === bytes &&
      found.mtimeMs === record.mtimeMs &&
      found.ino === record.inode;
    if (!same) return undefined;
    const headers = conditionOf(etag, modified);
    return headers && { path, bytes, headers };
  }

  /**
   * Records a download, after the file got its name. Never fails: without a record the next get
   * does more work.
   */
  async note(
    url: string,
    output: string | undefined,
    path: string,
    headers: ReadonlyMap<string, string>,
  ): Promise<void> {
    const etag = strongTag(headers);
    const modified = headers.get('last-modified');
    if (conditionOf(etag, modified) === undefined) return;
    const file = this.#fileOf(url, output);
    const aside = `${file}.${randomUUID()}`;
    try {
      const { size, mtimeMs, ino } = await stat(path);
      const record: DownloadRecord = {
        url,
        path,
        etag,
        modified,
        bytes: size,
        mtimeMs,
        inode: ino,
      };
      // Readable by this user only: URLs may contain secrets.
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(aside, `${JSON.stringify(record)}\n`, { mode: 0o600 });
      await rename(aside, file);
      if (Math.random() < 1 / PRUNE_EVERY) await this.prune();
    } catch {
      await rm(aside, { force: true }).catch(() => undefined);
    }
  }

  /** Keeps the newest records, and removes temporary files that a kill left. */
  async prune(most = MAX_RECORDS): Promise<void> {
    const names = await readdir(this.#directory);
    const dated = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name);
        const whole = RECORD_NAME.test(name);
        const at = whole ? ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) : 0;
        return { path, at };
      }),
    );
    dated.sort((a, b) => b.at - a.at);
    const kept = dated.filter(({ at }) => at > 0).slice(0, most);
    for (const each of dated) if (!kept.includes(each)) await rm(each.path, { force: true });
  }

  async #read(file: string): Promise<DownloadRecord | undefined> {
    try {
      return recordSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
    } catch {
      return undefined;
    }
  }

  #fileOf(url: string, output: string | undefined): string {
    const place = output === undefined ? resolve('.') : resolve(output);
    const key = createHash('sha256').update(`${url}\n${place}`).digest('hex');
    return join(this.#directory, `${key}.json`);
  }
}

/** A date may hide a change within its second: it is used only if there is no ETag. */
function conditionOf(
  etag: string | undefined,
  modified: string | undefined,
): Record<string, string> | undefined {
  if (etag !== undefined) return { 'if-none-match': etag };
  return modified === undefined ? undefined : { 'if-modified-since': modified };
}
